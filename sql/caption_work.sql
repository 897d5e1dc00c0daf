-- The images that a recipe has still to caption, with their texts and where they are read from, in the order of the places.
-- With a limit, those first by id: ids are hashes, so they are a fair sample.
-- inputs: missing_captions, caption_texts, current_facts, homes
-- params: fingerprint, limit
with chosen as (
    select * from missing_captions where fingerprint = $fingerprint
    order by image_id limit coalesce(nullif($limit::bigint, 0), 9223372036854775807)
)
select
    c.image_id, c.input_hash, c.attempts, f.width, f.height, t.tags, t.alt_texts, t.text_boxes,
    h.drop, h.uri, h.member
from chosen c
join caption_texts t on t.image_id = c.image_id
join current_facts f on f.image_id = c.image_id
join homes h on h.image_id = c.image_id
order by h.sequence, h.uri, h.member, c.image_id
