-- Shorter side (pixels) and aspect (longer / shorter side) of each image that is left after duplicates.
-- view
-- inputs: image_texts, current_facts
select image_id, least(width, height) as side, greatest(width, height) / least(width, height) as aspect
from current_facts semi join image_texts using (image_id)
