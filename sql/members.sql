-- The images whose texts each surviving image stands for, itself included.
-- view
-- inputs: unique_survivors, duplicates
-- Where the variables are set, of images with ids from the first to below the end.
select s.image_id, coalesce(d.image_id, s.image_id) as member
from unique_survivors s left join duplicates d on d.keeper = s.image_id
where coalesce(s.image_id >= getvariable('first_id') and s.image_id < getvariable('end_id'), true)
