-- Some images that a release leaves out: the first of each reason, as many as are asked for.
-- inputs: rejects
-- params: limit
select image_id, reason
from rejects
where image_id is not null
qualify row_number() over (partition by reason order by image_id) <= $limit
order by reason, image_id
