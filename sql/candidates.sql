-- What a rule that samples chooses from: the images that no rule before it rejects.
-- view
-- inputs: image_texts, rule_failures
from image_texts anti join rule_failures using (image_id)
