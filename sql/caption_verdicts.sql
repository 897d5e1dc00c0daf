-- Images that reached captioning and have no caption, or too short a one.
-- inputs: caption_texts, chosen_captions, kept_by_hand
-- params: min_characters
select t.image_id, 'caption' as stage, 'no_caption' as reason, null::double as value, null::double as threshold
from caption_texts t anti join chosen_captions c on c.image_id = t.image_id
union all
select image_id, 'caption', 'caption_too_short', length(caption), $min_characters
from chosen_captions anti join kept_by_hand using (image_id) where length(caption) < $min_characters
order by image_id, reason
