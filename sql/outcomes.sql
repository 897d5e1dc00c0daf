-- What becomes of each image that was found: the first stage and rule that it fails, null where it is kept.
-- view
-- inputs: current_facts, failures
select c.image_id, f.failures[1].stage as stage, f.failures[1].reason as reason
from current_facts c left join failures f on f.image_id = c.image_id
