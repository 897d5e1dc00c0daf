-- The caption that a release shows for each image: the last that people wrote, else of those written under this
-- fingerprint from the present texts.
-- view
-- inputs: caption_inputs, captions
-- params: caption_fingerprint
select distinct on (c.image_id) c.*
from captions c join caption_inputs i on i.image_id = c.image_id and (i.input_hash = c.input_hash or c.recipe = 'person')
where (c.fingerprint = $caption_fingerprint or c.recipe = 'person') and c.status = 'ok'
order by c.image_id, c.recipe = 'person' desc, if(c.recipe = 'person', -c.n, c.n), c.attempt desc, c.caption_id
