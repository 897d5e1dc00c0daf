-- Which of the hundred most frequent tags stand together most often, over 100,000 images: the first by id, which is a
-- hash. npmi is normalised pointwise mutual information, -1 to 1 (Bouma 2009); 1: never apart.
-- inputs: images, tags
with sampled as (select image_id from images order by image_id limit 100000),
frequent as (select tag, count(*) as images from tags group by tag order by images desc, tag limit 100),
given as (
    select distinct t.image_id, t.tag
    from tags t semi join sampled s on s.image_id = t.image_id semi join frequent f on f.tag = t.tag
),
alone as (select tag, count(*) as images from given group by tag),
together as (
    select a.tag as tag_a, b.tag as tag_b, count(*) as images
    from given a join given b on b.image_id = a.image_id and b.tag > a.tag
    group by all
)
select
    t.tag_a, t.tag_b, t.images,
    round(if(
        t.images = n.images, 1,
        ln(t.images::double * n.images / (a.images * b.images)) / -ln(t.images::double / n.images)
    ), 3) as npmi
from together t
join alone a on a.tag = t.tag_a
join alone b on b.tag = t.tag_b
cross join (select count(*) as images from sampled) n
order by t.images desc, tag_a, tag_b
limit 50
