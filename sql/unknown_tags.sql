-- The tags that no vocabulary knows, the most frequent first.
-- inputs: tags
select tag, min(category) as category, count(distinct image_id) as images
from tags where vocabulary is null
group by tag
order by images desc, tag
