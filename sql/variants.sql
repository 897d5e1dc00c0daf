-- Pairs of surviving images that show the same picture recoloured or locally redrawn; both are kept.
-- view
-- inputs: judged_pairs, survivors
select p.*
from judged_pairs p
semi join survivors a on a.image_id = p.image_id_a
semi join survivors b on b.image_id = p.image_id_b
where p.relation = 'variant'
