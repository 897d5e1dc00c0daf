-- Images whose pixels stand under so many different posts that they are no post's own, such as "image removed".
-- view
-- inputs: image_facts, current_occurrences
-- params: placeholder_posts
-- Counting rows first, by a number, takes a third of the time of counting the posts of every picture.
with found as materialized (
    select
        hash(f.pixel_hash) as number, f.pixel_hash, f.decode_scale, f.image_id,
        coalesce(o.source || ' ' || o.source_id, o.source_url) as post
    from image_facts f join current_occurrences o on o.image_id = f.image_id
    where $placeholder_posts > 0 and f.status = 'ok' and post is not null
),
shared as (select number from found group by number having count(*) >= $placeholder_posts),
counted as (
    select count(distinct post) as posts, list(distinct image_id) as images
    from found semi join shared using (number)
    group by pixel_hash, decode_scale having posts >= $placeholder_posts
)
select unnest(images) as image_id, posts from counted
