-- selected: the images of an export, numbered in the order of their ids.
-- inputs: fitting
-- params: limit
select row_number() over (order by image_id) - 1 as place, image_id
from (from fitting order by image_id limit $limit)
order by image_id
