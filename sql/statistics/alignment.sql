-- How well pictures and alt texts match: the levels that the release's images have, and the scores in each.
-- inputs: images
select
    alignment_level as level, count(*) as images, round(min(clip_score)::double, 4) as lowest,
    round(max(clip_score)::double, 4) as highest
from images
where alignment_level is not null
group by level
order by level
