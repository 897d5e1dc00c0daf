-- How well picture and alt text match, in eight levels of equal width between the lowest and the highest score of the
-- kept images; 8 is best. A captioner trained on noisy pairs can be told the level (NoC, arXiv 2212.13563).
-- view
-- inputs: clip_scores, kept
with scored as (select s.image_id, s.score from clip_scores s semi join kept using (image_id)),
ends as (select min(score) as low, max(score) as high from scored)
select
    image_id,
    score,
    (1 + len(list_filter(range(1, 8), lambda k: high > low and low + (high - low) * k / 8 <= score)))::tinyint as level
from scored cross join ends
