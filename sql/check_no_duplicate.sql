-- Check: no image, and no decoded picture, stands twice in a release. Rows are what is wrong.
-- inputs: images
select 'image_id' as key, image_id as value, count(*) as rows from images group by image_id having count(*) > 1
union all
select 'pixel_hash', pixel_hash, count(*) from images group by pixel_hash having count(*) > 1
order by key, value
