-- The caption that a release shows for each image: the last that people wrote, else of those written under this
-- fingerprint from the present texts.
-- view
-- inputs: caption_inputs, captions
-- params: caption_fingerprint
-- A window can spill to disk, which `distinct on` can't.
select c.*
from captions c join caption_inputs i on i.image_id = c.image_id and (i.input_hash = c.input_hash or c.recipe = 'person')
where (c.fingerprint = $caption_fingerprint or c.recipe = 'person') and c.status = 'ok'
qualify row_number() over (
    partition by c.image_id
    order by c.recipe = 'person' desc, if(c.recipe = 'person', -c.n, c.n), c.attempt desc, c.caption_id
) = 1
