-- The images that people keep, whatever rule they fail. Of those with equal pixels only the first can stand alone.
-- view
-- inputs: current_overrides, current_facts
select k.image_id, row_number() over (partition by coalesce(f.pixel_hash, f.image_id) order by f.image_id) = 1 as stands_alone
from (from current_overrides where verdict = 'keep') k join current_facts f on f.image_id = k.image_id
