-- One row for each rule that a caption fails, of those that a release may show. A threshold of 0 switches its rule off.
-- inputs: candidate_scores
-- params: caption_rules
with rules as (
    select r['scorer'] as scorer, r['reason'] as reason, r['fails'] as fails, r['threshold'] as threshold
    from (select unnest($caption_rules) as r)
)
select s.caption_id, s.image_id, r.reason, s.value, r.threshold
from candidate_scores s join rules r on r.scorer = s.scorer
where r.threshold > 0 and if(r.fails = 'below', s.value < r.threshold, s.value >= r.threshold)
order by s.caption_id, r.reason
