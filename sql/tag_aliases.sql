-- Other spellings of each tag.
-- inputs: tag_vocabulary
select tag, list(spelling order by spelling) as spellings
from tag_vocabulary where origin = 'alias' and spelling <> tag
group by tag order by tag
