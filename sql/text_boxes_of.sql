-- The boxes around the text of the given images.
-- inputs: current_text
-- params: image_ids
select image_id, boxes from current_text
where status = 'ok' and image_id in (select unnest($image_ids))
order by image_id
