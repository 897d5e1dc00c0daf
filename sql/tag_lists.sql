-- The tags of each surviving image that has any, by category, then as first given.
-- view
-- inputs: merged_tags
select image_id, list({'tag': tag, 'category': category, 'origin': origin} order by
    list_position(['copyright', 'character', 'artist', 'species', 'general', 'meta'], category), category, rank, (origin = 'implied'), tag)
    as tags
from merged_tags group by image_id
