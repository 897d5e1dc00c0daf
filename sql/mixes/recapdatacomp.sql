-- recapdatacomp: new captions for a share of the images, alt texts for the others (Recap-DataComp-1B: 0.8; which side
-- of its ratio that is, the project does not say: here it is the share of new captions).
-- inputs: texts
-- params: share, seed
-- defaults: share 0.8, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['single_pass', 'dsc', 'long', 'caption'], ['alt', 'caption']), kind), 0) as rank
from texts
