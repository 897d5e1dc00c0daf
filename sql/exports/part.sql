-- part: a run of an export's images.
-- inputs: selected
-- params: start, stop
select place, image_id from selected where place >= $start and place < $stop
