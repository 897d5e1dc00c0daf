-- Check: no image of a release is taken down. The lake may have forgotten drops that a release was made from, so what
-- a take-down says is also held against the release itself. Rows are what is wrong: the take-down's number, the image.
-- inputs: images, lineage, active_takedowns, taken_down
with fits as (
    select number, image_id from taken_down
    union
    select t.number, i.image_id
    from (from active_takedowns where kind in ('image', 'source_id')) t join images i
        on t.value = if(t.kind = 'image', i.image_id, i.source_id)
    union
    select t.number, i.image_id
    from (from active_takedowns where kind = 'url') t join images i on lower(i.url) glob lower(t.value)
    union
    select t.number, i.image_id
    from (from active_takedowns where phash is not null) t join images i
        on bit_count(xor(('0x' || i.phash)::ubigint, ('0x' || t.phash)::ubigint)) <= t.radius
    union
    select t.number, l.duplicate_of
    from (from active_takedowns where kind = 'image') t join lineage l on l.image_id = t.value
)
select min(number)::varchar as key, image_id as value, 1 as rows
from fits semi join images using (image_id)
group by image_id
order by image_id
