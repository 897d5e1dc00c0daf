-- tag_pairs: pairs of tags that stand together on surviving images, counted over a sample of those that have tags.
-- inputs: tags, unique_survivors
-- params: pair_images, min_pair_images
with sample as (
    select distinct image_id from tags semi join unique_survivors using (image_id)
    order by image_id limit $pair_images
),
said as (select distinct image_id, tag from tags semi join sample using (image_id)),
counts as (
    select tag, row_number() over (order by tag) as number, count(*) as images
    from said group by tag having count(*) >= $min_pair_images
),
numbered as (select s.image_id, c.number from said s join counts c on c.tag = s.tag),
pairs as (
    select a.number as a, b.number as b, count(*) as images
    from numbered a join numbered b on b.image_id = a.image_id and a.number < b.number
    group by all having count(*) >= $min_pair_images
)
select
    a.tag as tag_a, b.tag as tag_b, p.images, a.images as images_a, b.images as images_b,
    if(p.images = n.images, 1, ln(p.images * n.images / (a.images * b.images)) / -ln(p.images / n.images)) as npmi
from pairs p
join counts a on a.number = p.a
join counts b on b.number = p.b
cross join (select count(*) as images from sample) n
order by tag_a, tag_b
