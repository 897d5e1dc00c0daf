-- The phash of an image, if it says anything.
-- inputs: image_facts
-- params: image
select distinct phash from image_facts where image_id = $image and hash_informative and phash is not null
