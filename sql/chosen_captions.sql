-- The caption that a release shows for each image: of those written under this fingerprint from the present texts.
-- view
-- inputs: caption_inputs, captions
-- params: caption_fingerprint
select distinct on (c.image_id) c.*
from captions c join caption_inputs i on i.image_id = c.image_id and i.input_hash = c.input_hash
where c.fingerprint = $caption_fingerprint and c.status = 'ok'
order by c.image_id, c.n, c.attempt desc, c.caption_id
