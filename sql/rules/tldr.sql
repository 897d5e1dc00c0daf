-- tldr: every n-th image of each cluster, of those only the better half by score (TL;DR, Wang et al. 2023).
-- The order within a cluster is drawn by hash; value is an image's place in it, or its score.
-- inputs: candidates, image_clusters, clip_scores
-- params: every, share, seed
with members as (
    select
        image_id, cluster,
        row_number() over (partition by cluster order by md5('tldr:' || $seed || ':' || image_id), image_id) as place
    from image_clusters semi join candidates using (image_id)
),
scored as (select s.* from clip_scores s semi join candidates using (image_id)),
ranked as (
    select *, row_number() over (order by score, image_id) as place, (select count(*) from scored) as images
    from scored
),
cut as (select score as threshold from ranked where place = floor(images * $share) + 1)
select image_id, 'tldr_not_drawn' as reason, place::double as value, $every::double as threshold
from members where (place - 1) % $every <> 0
union all
select image_id, 'tldr_low_score', score, threshold
from ranked left join cut on true where place <= floor(images * $share)
