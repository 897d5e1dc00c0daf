-- Check: what a table says of another's rows is so. Rows are what is wrong.
-- inputs: images, captions, tags, rejects, lineage
with wrong as (
    select 'captions: image not in images' as key, image_id as value from captions anti join images using (image_id)
    union all select 'tags: image not in images', image_id from tags anti join images using (image_id)
    union all
    select 'rejects: image not in lineage', image_id
    from (from rejects where image_id is not null) anti join lineage using (image_id)
    union all
    select 'rejects: duplicate_of not in lineage', r.duplicate_of
    from (from rejects where duplicate_of is not null) r anti join lineage l on l.image_id = r.duplicate_of
    union all
    select 'lineage: duplicate_of not in lineage', r.duplicate_of
    from (from lineage where duplicate_of is not null) r anti join lineage l on l.image_id = r.duplicate_of
    union all
    select 'lineage: merged not in lineage', m.image_id
    from (select unnest(merged) as image_id from lineage) m anti join lineage using (image_id)
    union all
    select 'lineage: caption not in captions', l.image_id
    from (from lineage where kept) l anti join captions c on c.caption_id = l.caption_id and c.image_id = l.image_id
    union all
    select 'images: caption is not the one that lineage names', i.image_id
    from images i join lineage l on l.image_id = i.image_id join captions c on c.caption_id = l.caption_id
    where i.caption is distinct from c.caption
    union all
    select 'images: tags are not those of tags', i.image_id
    from images i
    left join (select image_id, list(tag order by rank) as tags from tags group by image_id) t on t.image_id = i.image_id
    where coalesce(i.tags, []) is distinct from coalesce(t.tags, [])
)
select key, value, count(*) as rows from wrong group by all order by all
