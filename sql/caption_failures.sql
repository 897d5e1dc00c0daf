-- One row for each rule that a caption fails, of those that a release may show. A threshold of 0 switches its rule off.
-- inputs: candidate_scores
-- params: caption_rules
with rules as (select unnest($caption_rules, recursive := true))
select s.caption_id, s.image_id, r.reason, s.value, r.threshold
from candidate_scores s join rules r on r.scorer = s.scorer
where r.threshold > 0 and if(r.fails = 'below', s.value < r.threshold, s.value >= r.threshold)
order by s.caption_id, r.reason
