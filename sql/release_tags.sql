-- tags: the merged tags of the kept images, one row each.
-- inputs: kept, image_texts
with placed as (
    select image_id, unnest(tags) as tag, generate_subscripts(tags, 1) - 1 as rank
    from image_texts semi join kept using (image_id)
)
select image_id, tag.tag as tag, tag.category as category, tag.origin as origin, rank
from placed
order by image_id, rank
