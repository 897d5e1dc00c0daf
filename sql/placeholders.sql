-- Images whose pixels stand under so many different posts that they are no post's own, such as "image removed".
-- view
-- inputs: current_facts, current_occurrences
-- params: placeholder_posts
with found as (
    select f.pixel_hash, f.decode_scale, f.image_id, coalesce(o.source || ' ' || o.source_id, o.source_url) as post
    from current_facts f join current_occurrences o on o.image_id = f.image_id
    where $placeholder_posts > 0 and f.status = 'ok' and post is not null
),
-- Counting rows first takes a tenth of the time of counting posts of every picture.
shared as (select pixel_hash, decode_scale from found group by all having count(*) >= $placeholder_posts),
counted as (
    select pixel_hash, decode_scale, count(distinct post) as posts, list(distinct image_id) as images
    from found semi join shared using (pixel_hash, decode_scale)
    group by all having posts >= $placeholder_posts
)
select unnest(images) as image_id, posts from counted
