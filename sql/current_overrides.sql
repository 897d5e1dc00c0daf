-- What people decided about single images, the latest word on each.
-- view
-- inputs: overrides
from overrides qualify number = max(number) over (partition by image_id) and verdict <> 'clear'
