-- The images that are taken down: what a take-down fits, and what looks like that. Each once, by the nearest take-down.
-- Any number of steps to equal pixels, and one to a look-alike: who looks like a look-alike is another picture.
-- view
-- inputs: active_takedowns, found_occurrences, image_facts, judged_pairs
with recursive links as (
    select image_id_a as image_id, image_id_b as other, (method <> 'pixels')::int as steps, distance from judged_pairs
    where relation <> 'unlike'
    union all
    select image_id_b, image_id_a, (method <> 'pixels')::int, distance from judged_pairs where relation <> 'unlike'
),
fits as (
    select number, value as image_id, kind as reason, null::double as value, null::double as threshold
    from active_takedowns where kind = 'image'
    union all
    select t.number, o.image_id, t.kind, null, null
    from (from active_takedowns where kind = 'source_id') t join found_occurrences o on o.source_id = t.value
    union all
    select t.number, o.image_id, t.kind, null, null
    from (from active_takedowns where kind = 'url') t join found_occurrences o on lower(o.source_url) glob lower(t.value)
    union all
    select t.number, f.image_id, if(t.kind = 'phash', 'phash', 'similar'),
        bit_count(xor(('0x' || f.phash)::ubigint, ('0x' || t.phash)::ubigint)) as distance, t.radius
    from (from active_takedowns where phash is not null) t join image_facts f
        on f.hash_informative and bit_count(xor(('0x' || f.phash)::ubigint, ('0x' || t.phash)::ubigint)) <= t.radius
),
reached as (
    select number, image_id, 0 as steps from fits
    union
    select r.number, l.other, r.steps + l.steps
    from reached r join links l on l.image_id = r.image_id where r.steps + l.steps <= 1
),
every_way as (
    select *, 0 as steps from fits
    union all
    select number, image_id, 'similar', null, null, steps + 1 from reached
)
select distinct on (e.image_id) e.image_id, e.reason, e.value, e.threshold, e.number, t.reason as words
from every_way e
join active_takedowns t on t.number = e.number
semi join found_occurrences o on o.image_id = e.image_id
order by e.image_id, e.steps, e.reason = 'similar', e.number
