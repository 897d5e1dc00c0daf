-- The facts of each image that has a current occurrence, once; decoded ones first where two drops disagree.
-- view
-- inputs: image_facts, current_occurrences
select distinct on (image_id) f.* exclude (look)
from image_facts f semi join current_occurrences o on o.image_id = f.image_id
order by image_id, (status = 'ok') desc, status
