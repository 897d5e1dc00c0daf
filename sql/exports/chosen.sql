-- chosen: the rows of an export, numbered in the order of the image ids; text is null where the mix has none.
-- inputs: selected, mixed
-- params: limit
select row_number() over (order by s.image_id) - 1 as place, s.image_id, m.* exclude (image_id)
from (from selected order by image_id limit $limit) s
left join mixed m on m.image_id = s.image_id
order by s.image_id
