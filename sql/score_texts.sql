-- What captions of an image are held against, with a hash of it.
-- view
-- inputs: caption_texts
select image_id, tags, alt_texts, sha256(to_json({'tags': tags, 'alt_texts': alt_texts})::varchar) as input_hash
from caption_texts
