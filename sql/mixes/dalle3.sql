-- dalle3: long descriptions for a share of the images, alt texts for the others (DALL-E 3: 95 to 5).
-- inputs: texts
-- params: share, seed
-- defaults: share 0.95, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['long', 'dsc', 'single_pass', 'caption'], ['alt', 'caption']), kind), 0) as rank
from texts
