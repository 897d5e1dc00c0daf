-- One row for each rule about the whole corpus that an image fails: being a duplicate of a better copy, or a chosen rule.
-- inputs: duplicates, rule_failures, kept_by_hand
-- params: radius, widest_radius, embedding
select
    image_id,
    'duplicate' as stage,
    case method
        when 'pixels' then 'same_pixels' when 'dihedral' then 'turned_duplicate' when 'embedding' then 'like_content'
        else 'near_duplicate'
    end as reason,
    if(method = 'embedding', 1 - distance / 1000, distance)::double as value,
    case when method = 'embedding' then $embedding when distance <= $radius then $radius else $widest_radius end::double
        as threshold
from duplicates
where image_id <> keeper
union all
select image_id, 'corpus', reason, value, threshold from rule_failures anti join kept_by_hand using (image_id)
order by image_id, stage, reason
