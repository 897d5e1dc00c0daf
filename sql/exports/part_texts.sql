-- part_texts: the texts of a run of images, which lie between two ids: said twice, so that little is read.
-- inputs: every_text, part
-- params: first, last
select * from every_text semi join part using (image_id) where image_id between $first and $last
