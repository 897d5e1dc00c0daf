-- The one occurrence from which each image is read: the first, in the order of the drops.
-- view
-- inputs: current_occurrences
select distinct on (image_id) *
from current_occurrences
where image_id is not null
order by image_id, sequence, uri, member
