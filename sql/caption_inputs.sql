-- Each image under each recipe, and the hash of what the recipe reads of it besides its pixels: a caption is stale when
-- its input hash is another. Recipes stand in order of preference.
-- view
-- inputs: caption_texts
-- params: caption_recipes
with recipes as (
    select r['fingerprint'] as fingerprint, r['preference'] as preference, r['needs'] as needs, r['variants'] as variants
    from (select unnest($caption_recipes) as r)
)
select
    r.fingerprint, r.preference, t.image_id,
    sha256(to_json({
        'image_id': t.image_id,
        'tags': case when list_contains(r.needs, 'tags') then t.tags end,
        'alt_texts': case when list_contains(r.needs, 'alt_texts') then t.alt_texts end,
        'text_boxes': case when list_contains(r.needs, 'text_boxes') then t.text_boxes end
    })::varchar) as input_hash
from caption_texts t cross join recipes r
