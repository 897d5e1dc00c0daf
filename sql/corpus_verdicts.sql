-- One row for each rule about the whole corpus that an image fails: being a duplicate of a better copy, or a chosen rule.
-- inputs: duplicates, rule_failures
-- params: radius
select
    image_id,
    'duplicate' as stage,
    if(method = 'pixels', 'same_pixels', 'near_duplicate') as reason,
    distance::double as value,
    $radius::double as threshold
from duplicates
where image_id <> keeper
union all
select image_id, 'corpus', reason, value, threshold from rule_failures
order by image_id, stage, reason
