-- The images that have no final caption by this fingerprint for the texts they have now.
-- inputs: caption_inputs, captions
-- params: caption_fingerprint
select i.*
from caption_inputs i
where not exists (
    select 1 from captions c
    where c.image_id = i.image_id and c.input_hash = i.input_hash
        and c.fingerprint = $caption_fingerprint and c.final
)
order by i.image_id
