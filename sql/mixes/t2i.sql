-- t2i: dense captions for a share of the images, alt texts for the others. 50 to 50 is best for a diffusion model's
-- GenEval (Revisit Large-Scale Image-Caption Data, arXiv 2410.02740).
-- inputs: texts
-- params: share, seed
-- defaults: share 0.5, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['dsc', 'long', 'caption'], ['alt', 'caption']), kind), 0) as rank
from texts
