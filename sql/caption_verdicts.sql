-- Images that reached captioning and have no caption, or none that passes: every rule that the preferred one fails.
-- inputs: caption_texts, chosen_captions, caption_failures, kept_by_hand
select t.image_id, 'caption' as stage, 'no_caption' as reason, null::double as value, null::double as threshold
from caption_texts t anti join chosen_captions c on c.image_id = t.image_id
union all
select image_id, 'caption', reason, value, threshold
from caption_failures semi join chosen_captions using (caption_id) anti join kept_by_hand using (image_id)
order by image_id, reason
