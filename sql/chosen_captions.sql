-- The caption that a release shows for each image: the last that people wrote, else of those written from the present
-- texts one of the first recipe that has any.
-- view
-- inputs: caption_inputs, caption_texts, captions
-- params: caption_recipes
with recipes as (
    select r['fingerprint'] as fingerprint, r['preference'] as preference, r['needs'] as needs, r['variants'] as variants
    from (select unnest($caption_recipes) as r)
),
shown as (select fingerprint, unnest(variants) as variant, generate_subscripts(variants, 1) as rank from recipes),
said as (
    select c.*, i.preference, s.rank, c.n as place
    from captions c
    join shown s on s.fingerprint = c.fingerprint and s.variant = c.variant
    join caption_inputs i on i.image_id = c.image_id and i.fingerprint = c.fingerprint and i.input_hash = c.input_hash
    where c.status = 'ok'
    union all
    select c.*, -1, 0, -c.n
    from captions c semi join caption_texts using (image_id)
    where c.recipe = 'person'
)
select distinct on (image_id) * exclude (preference, rank, place)
from said
order by image_id, preference, rank, place, caption_id
