-- mllm: very long captions for a share of the images, alt texts for the others. 66 to 34 is best in the pre-training of
-- a multimodal language model (Revisit Large-Scale Image-Caption Data, arXiv 2410.02740).
-- inputs: texts
-- params: share, seed
-- defaults: share 0.66, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['dsc_plus', 'long', 'dsc', 'caption'], ['alt', 'caption']), kind), 0) as rank
from texts
