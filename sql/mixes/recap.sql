-- recap: long captions for a share of the images, short ones for the others, none above CLIP's limit (RECAP: 50 to 50,
-- 77 tokens). Tokens are estimated. An image is left out when no text of it fits.
-- inputs: texts
-- params: share, max_tokens, seed
-- defaults: share 0.5, max_tokens 77, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $share, ['long', 'dsc', 'caption'], ['short', 'ssc', 'caption']), kind), 0) as rank
from texts
where clip_tokens(text) <= $max_tokens
