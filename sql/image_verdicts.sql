-- One row for each rule that an image fails by its own facts, or by the word of people. A threshold of 0 switches its
-- rule off. What people keep is held against no threshold; what is taken down or can't be decoded, they can't keep.
-- inputs: current_facts, current_text, taken_down, current_overrides, kept_by_hand, placeholders
-- params: max_flat_tail, torn_rows, several_frames, min_contrast, placeholder_posts, min_side, max_aspect, min_sharpness, max_text_area
with facts as materialized (
    select image_id, status, format, width, height, frames, sharpness, contrast, flat_tail, torn_rows from current_facts
),
ok as (select * from facts anti join kept_by_hand using (image_id) where status = 'ok')
select image_id, 'takedown' as stage, reason, value, threshold from taken_down
union all
select image_id, 'broken', status, null, null from facts where status <> 'ok'
union all
select image_id, 'override', 'rejected_by_hand', null, null
from current_overrides semi join facts using (image_id) where verdict = 'reject'
union all
select image_id, 'broken', 'flat_tail', flat_tail, $max_flat_tail
from ok where $max_flat_tail > 0 and flat_tail > $max_flat_tail
union all
select image_id, 'broken', 'torn', torn_rows, $torn_rows
from ok where $torn_rows > 0 and torn_rows >= $torn_rows
union all
select image_id, 'content', if(format in ('TIFF', 'DCX'), 'several_pages', 'animated'), frames, 1
from ok where $several_frames = 'reject' and frames > 1 and format <> 'MPO'
union all
select image_id, 'content', 'uniform', contrast, $min_contrast
from ok where contrast < $min_contrast
union all
select image_id, 'content', 'placeholder', posts, $placeholder_posts
from placeholders anti join kept_by_hand using (image_id)
union all
select image_id, 'size', 'too_small', least(width, height), $min_side
from ok where least(width, height) < $min_side
union all
select image_id, 'aspect', 'too_elongated', greatest(width, height) / least(width, height), $max_aspect
from ok where $max_aspect > 0 and greatest(width, height) / least(width, height) > $max_aspect
union all
select image_id, 'blur', 'blurred', sharpness, $min_sharpness
from ok where sharpness < $min_sharpness
union all
select ok.image_id, 'text', 'text_heavy', t.text_area, $max_text_area
from ok join current_text t on t.image_id = ok.image_id
where $max_text_area > 0 and t.status = 'ok' and t.text_area > $max_text_area
order by image_id, stage, reason
