-- What a page says of the given images: caption, tags, verdict and duplicates.
-- inputs: lineage, images
-- params: image_ids
select
    l.image_id,
    l.kept,
    concat_ws('/', l.occurrences[1].uri, l.occurrences[1].member) as place,
    i.caption,
    concat_ws(', ', i.caption_recipe, i.caption_model) as captioned_by,
    i.tag_string as tags,
    l.failures,
    l.by_hand,
    l.duplicate_of,
    l.duplicate_distance,
    l.merged
from lineage l left join images i on i.image_id = l.image_id
where l.image_id in (select unnest($image_ids))
