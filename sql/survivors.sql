-- The images that pass every rule of their own.
-- view
-- inputs: current_facts, image_verdicts
select image_id from current_facts anti join image_verdicts using (image_id)
