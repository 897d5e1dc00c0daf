-- tmars: the share of the images that match their alt text worst once their own text is painted over (T-MARS, 2023).
-- Of equal scores the smaller id goes first. Images without a score take no part; without_alt_text judges them.
-- inputs: candidates, clip_scores
-- params: share, without_alt_text
with scored as (select s.* from clip_scores s semi join candidates using (image_id)),
ranked as (
    select *, row_number() over (order by masked_score, image_id) as place, (select count(*) from scored) as images
    from scored
),
cut as (select masked_score as threshold from ranked where place = floor(images * $share) + 1)
select image_id, 'tmars' as reason, masked_score::double as value, threshold::double as threshold
from ranked left join cut on true
where place <= floor(images * $share)
union all
select image_id, 'tmars_no_score', null, null
from candidates anti join clip_scores using (image_id)
where $without_alt_text = 'reject'
