-- Pairs of images, no duplicates of others, that show the same picture recoloured or locally redrawn; both are kept.
-- view
-- inputs: judged_pairs, unique_survivors
select p.*
from judged_pairs p
semi join unique_survivors a on a.image_id = p.image_id_a
semi join unique_survivors b on b.image_id = p.image_id_b
where p.relation = 'variant'
