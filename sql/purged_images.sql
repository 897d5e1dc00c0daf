-- images of a release that is issued again without those in `taken`.
-- inputs: images, taken
from images anti join taken using (image_id) order by image_id
