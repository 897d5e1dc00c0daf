-- captions: every caption of the kept images, by whatever recipe and fingerprint.
-- inputs: kept, captions
select * exclude (created_at)
from captions semi join kept using (image_id)
order by image_id, recipe, variant, fingerprint, input_hash, n, attempt
