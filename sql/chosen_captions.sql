-- The caption that a release shows for each image: of those written from the present texts, one of the first recipe that has any.
-- view
-- inputs: caption_inputs, captions
-- params: caption_recipes
with recipes as (select unnest($caption_recipes, recursive := true)),
shown as (select fingerprint, unnest(variants) as variant, generate_subscripts(variants, 1) as rank from recipes)
select distinct on (c.image_id) c.*
from captions c
join shown s on s.fingerprint = c.fingerprint and s.variant = c.variant
join caption_inputs i on i.image_id = c.image_id and i.fingerprint = c.fingerprint and i.input_hash = c.input_hash
where c.status = 'ok'
order by c.image_id, i.preference, s.rank, c.n, c.caption_id
