-- Check: no two rows of a table share its key, and no key is null. Rows are what is wrong.
-- inputs: images, captions, tags, rejects, lineage
with keys as (
    select 'images' as key, image_id as value, image_id is null as is_null from images
    union all select 'captions', caption_id, caption_id is null from captions
    union all select 'tags', {'image_id': image_id, 'tag': tag}::varchar, image_id is null or tag is null from tags
    union all
    select 'rejects', {'drop': "drop", 'uri': uri, 'member': member}::varchar, "drop" is null or uri is null from rejects
    union all select 'lineage', image_id, image_id is null from lineage
)
select key, value, count(*) as rows from keys group by key, value having count(*) > 1 or bool_or(is_null) order by key, value
