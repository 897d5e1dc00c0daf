-- clip_score: the cosine of picture and best alt text must lie in a band (RealSyn), and among the best (DataComp).
-- Of equal scores the smaller id goes first. Images without a score take no part; without_alt_text judges them.
-- inputs: candidates, clip_scores
-- params: min_score, max_score, top_share, without_alt_text
with scored as (select s.* from clip_scores s semi join candidates using (image_id)),
ranked as (
    select *, row_number() over (order by score, image_id) as place, (select count(*) from scored) as images
    from scored
),
cut as (select score as threshold from ranked where place = images - ceil(images * $top_share) + 1)
select image_id, 'clip_score_too_low' as reason, score::double as value, $min_score::double as threshold
from ranked where score < $min_score
union all
select image_id, 'clip_score_too_high', score, $max_score from ranked where score > $max_score
union all
select image_id, 'clip_score_not_among_best', score, threshold
from ranked left join cut on true where place <= images - ceil(images * $top_share)
union all
select image_id, 'clip_no_score', null, null
from candidates anti join clip_scores using (image_id)
where $without_alt_text = 'reject'
