-- The one occurrence from which each image is read: the first, in the order of the drops.
-- view
-- inputs: current_occurrences
-- A window can spill to disk, which `distinct on` can't.
from current_occurrences
where image_id is not null
qualify row_number() over (partition by image_id order by sequence, uri, member) = 1
