-- One row for each rule about the whole corpus that an image fails: today, being a duplicate of a better copy.
-- inputs: duplicates
-- params: radius
select
    image_id,
    'duplicate' as stage,
    if(method = 'pixels', 'same_pixels', 'near_duplicate') as reason,
    distance::double as value,
    $radius::double as threshold
from duplicates
where image_id <> keeper
order by image_id, stage, reason
