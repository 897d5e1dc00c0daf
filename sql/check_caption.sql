-- Check: every row of a release has a caption. Rows are what is wrong.
-- inputs: images
select 'caption' as key, image_id as value, 1 as rows from images where caption is null or trim(caption) = '' order by value
