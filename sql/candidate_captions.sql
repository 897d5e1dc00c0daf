-- The captions that a release may show, written from the present texts; of each image the one in position 1 is preferred.
-- view
-- inputs: caption_inputs, captions
-- params: caption_recipes
with recipes as (select unnest($caption_recipes, recursive := true)),
shown as (select fingerprint, unnest(variants) as variant, generate_subscripts(variants, 1) as rank from recipes)
select
    c.caption_id, c.image_id, c.recipe, c.variant, c.fingerprint, c.n,
    row_number() over (partition by c.image_id order by i.preference, s.rank, c.n, c.caption_id) as position
from captions c
join shown s on s.fingerprint = c.fingerprint and s.variant = c.variant
join caption_inputs i on i.image_id = c.image_id and i.fingerprint = c.fingerprint and i.input_hash = c.input_hash
where c.status = 'ok'
