-- The text in each image that has a current occurrence, once; measured ones first where two drops disagree.
-- view
-- inputs: text_regions, current_occurrences
select distinct on (image_id) t.*
from text_regions t semi join current_occurrences o on o.image_id = t.image_id
order by image_id, (status = 'ok') desc, status
