-- Where the given images are read from.
-- inputs: homes
-- params: image_ids
select image_id, drop, uri, member from homes where image_id in (select unnest($image_ids)) order by image_id
