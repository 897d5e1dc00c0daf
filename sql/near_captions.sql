-- near_captions: pairs of images whose chosen captions are nearly the same: the words of both, of the words of either.
-- inputs: chosen_captions
-- params: least_likeness
with said as (
    select image_id, list_distinct(regexp_extract_all(lower(caption), '[\pL\pN]+')) as words from chosen_captions
),
-- 24 minima of hashes in 12 bands of two: pairs of likeness 0.9 are missed twice in a billion (Broder 1997)
signed as (
    select
        image_id,
        list_transform(range(24), k -> list_min(list_transform(words, w -> hash(w || ' ' || k)))) as minima
    from said where len(words) > 0
),
bands as (select image_id, unnest(range(12)) as band, minima from signed),
buckets as (select image_id, band, minima[2 * band + 1] as a, minima[2 * band + 2] as b from bands),
candidates as (
    select distinct x.image_id as image_id_a, y.image_id as image_id_b
    from buckets x join buckets y using (band, a, b) where x.image_id < y.image_id
)
select
    image_id_a, image_id_b,
    len(list_intersect(p.words, q.words)) / len(list_distinct(p.words || q.words))::double as likeness
from candidates
join said p on p.image_id = image_id_a
join said q on q.image_id = image_id_b
where likeness >= $least_likeness
order by image_id_a, image_id_b
