-- The facts of each image that has a current occurrence, once; decoded ones first where two drops disagree.
-- view
-- inputs: image_facts, current_occurrences
-- Only images with several rows are sorted: to sort all of them takes twice as long.
with again as (select image_id from image_facts group by image_id having count(*) > 1),
once as (
    select f.* from image_facts f anti join again a on a.image_id = f.image_id
    union all
    from (
        select distinct on (image_id) f.* from image_facts f semi join again a on a.image_id = f.image_id
        order by image_id, (status = 'ok') desc, status
    )
)
select f.* exclude (look) from once f semi join current_occurrences o on o.image_id = f.image_id
