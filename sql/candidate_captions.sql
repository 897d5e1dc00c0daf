-- The captions that a release may show: the last that people wrote, and those written from the present texts. Of each
-- image the one in position 1 is preferred; what people wrote comes before all others.
-- view
-- inputs: caption_inputs, caption_texts, captions
-- params: caption_recipes
with recipes as (
    select r['fingerprint'] as fingerprint, r['variants'] as variants from (select unnest($caption_recipes) as r)
),
shown as (select fingerprint, unnest(variants) as variant, generate_subscripts(variants, 1) as rank from recipes),
candidates as (
    select c.caption_id, c.image_id, c.recipe, c.variant, c.fingerprint, c.n, i.preference, s.rank, c.n as place
    from captions c
    join shown s on s.fingerprint = c.fingerprint and s.variant = c.variant
    join caption_inputs i on i.image_id = c.image_id and i.fingerprint = c.fingerprint and i.input_hash = c.input_hash
    where c.status = 'ok'
    union all
    select caption_id, image_id, recipe, variant, fingerprint, n, -1, 0, -n
    from captions semi join caption_texts using (image_id)
    where recipe = 'person'
)
select
    * exclude (preference, rank, place),
    row_number() over (partition by image_id order by preference, rank, place, caption_id) as position
from candidates
