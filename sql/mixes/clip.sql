-- clip: short synthetic captions for a share of the images, alt texts for the others. 40 to 50 % is best for CLIP
-- (Revisit Large-Scale Image-Caption Data, arXiv 2410.02740).
-- inputs: texts
-- params: share, seed
-- defaults: share 0.45, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['ssc', 'short', 'caption'], ['alt', 'caption']), kind), 0) as rank
from texts
