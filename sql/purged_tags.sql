-- tags of a release that is issued again without the images in `taken`.
-- inputs: tags, taken
from tags anti join taken using (image_id) order by image_id, rank
