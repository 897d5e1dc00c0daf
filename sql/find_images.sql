-- The images that a text names: an id, four or more digits of its start, or a file by its whole path or the end of it.
-- inputs: found_occurrences
-- params: image
select image_id, min(concat_ws('/', uri, member)) as place
from found_occurrences
where image_id is not null and (
    (starts_with(image_id, lower($image)) and regexp_full_match($image, '[0-9a-fA-F]{4,64}'))
    or ends_with('/' || concat_ws('/', uri, member), '/' || $image)
)
group by image_id
order by image_id
