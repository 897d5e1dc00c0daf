-- captions of a release that is issued again without the images in `taken`.
-- inputs: captions, taken
from captions anti join taken using (image_id)
order by image_id, recipe, variant, fingerprint, input_hash, n, attempt
