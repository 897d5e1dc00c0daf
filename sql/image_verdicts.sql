-- One row for each rule that an image fails by its own facts. A threshold of 0 switches its rule off.
-- inputs: current_facts
-- params: min_side, max_aspect, min_sharpness
with facts as materialized (select image_id, status, width, height, sharpness from current_facts),
ok as (select * from facts where status = 'ok')
select image_id, 'broken' as stage, status as reason, null::double as value, null::double as threshold
from facts where status <> 'ok'
union all
select image_id, 'size', 'too_small', least(width, height), $min_side
from ok where least(width, height) < $min_side
union all
select image_id, 'aspect', 'too_elongated', greatest(width, height) / least(width, height), $max_aspect
from ok where $max_aspect > 0 and greatest(width, height) / least(width, height) > $max_aspect
union all
select image_id, 'blur', 'blurred', sharpness, $min_sharpness
from ok where sharpness < $min_sharpness
order by image_id, stage, reason
