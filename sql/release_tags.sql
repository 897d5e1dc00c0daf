-- tags: the merged tags of the kept images, one row each.
-- inputs: kept, image_texts
select image_id, tags[i].tag as tag, tags[i].category as category, tags[i].origin as origin, i - 1 as rank
from image_texts semi join kept using (image_id), range(1, len(tags) + 1) r(i)
order by image_id, rank
