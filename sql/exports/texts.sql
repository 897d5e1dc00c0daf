-- texts: every text that an image of a release may be given, by kind: `caption` is the release's own choice, `alt` the
-- description that came with it, others are a caption's variant (short, long, dsc …) or its recipe if that has only one.
-- inputs: images, captions, lineage
with every_text as (
    select
        i.image_id, 'caption' as kind, 0 as n, i.caption as text, l.caption_id,
        i.caption_recipe as recipe, c.variant, i.caption_model as model
    from images i
    left join lineage l on l.image_id = i.image_id
    left join captions c on c.image_id = i.image_id and c.caption_id = l.caption_id
    union all
    select image_id, 'alt', 0, alt_text, null, null, null, null from images
    union all
    select image_id, if(variant = 'caption', recipe, variant), n, caption, caption_id, recipe, variant, model
    from captions where status = 'ok'
)
select * from every_text where regexp_matches(text, '[^\s\pZ\pC]')
