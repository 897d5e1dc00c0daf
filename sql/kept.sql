-- The images of the release.
-- view
-- inputs: image_texts, failures
select image_id from image_texts anti join failures using (image_id)
