-- curriculum: short captions in the first epoch, long ones in the last; in between, an image that has gone over to its
-- long caption stays with it.
-- inputs: texts
-- params: epoch, epochs, seed
-- defaults: epoch 0, epochs 10, seed 0
select *, nullif(list_position(
    if(draw(image_id, $seed) < $epoch / greatest($epochs - 1, 1), ['long', 'dsc', 'dsc_plus', 'caption'],
        ['short', 'ssc', 'caption']), kind), 0) as rank
from texts
