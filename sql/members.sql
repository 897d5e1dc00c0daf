-- The images whose texts each surviving image stands for, itself included.
-- view
-- inputs: unique_survivors, duplicates
select s.image_id, coalesce(d.image_id, s.image_id) as member
from unique_survivors s left join duplicates d on d.keeper = s.image_id
