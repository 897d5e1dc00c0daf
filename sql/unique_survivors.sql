-- The images that pass every rule of their own and that no better copy stands for.
-- view
-- inputs: survivors, duplicates
select image_id from survivors anti join (select image_id from duplicates where image_id <> keeper) using (image_id)
