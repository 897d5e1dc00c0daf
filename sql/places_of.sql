-- Where the given images are read from; those that are taken down are not to be looked at.
-- inputs: homes, taken_down
-- params: image_ids
select image_id, drop, uri, member from homes anti join taken_down using (image_id) where image_id in (select unnest($image_ids)) order by image_id
