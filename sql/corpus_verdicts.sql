-- One row for each rule about the whole corpus that an image fails: being a duplicate of a better copy, or a chosen rule.
-- inputs: duplicates, rule_failures, kept_by_hand
-- params: radius, widest_radius
select
    image_id,
    'duplicate' as stage,
    case method when 'pixels' then 'same_pixels' when 'dihedral' then 'turned_duplicate' else 'near_duplicate' end as reason,
    distance::double as value,
    if(distance <= $radius, $radius, $widest_radius)::double as threshold
from duplicates
where image_id <> keeper
union all
select image_id, 'corpus', reason, value, threshold from rule_failures anti join kept_by_hand using (image_id)
order by image_id, stage, reason
