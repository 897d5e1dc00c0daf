-- tag_balance: an image stays with probability 1 - product of (1 - t / images of the tag) over its tags; value is its
-- draw, threshold its probability. With one tag on t images or fewer it always stays.
-- inputs: candidates
-- params: images_per_tag, untagged, seed
with given as (select image_id, unnest(tags).tag as tag from candidates),
frequent as (select tag, count(*) as images from given group by tag having images > $images_per_tag),
common as (
    select image_id, list(1 - $images_per_tag / f.images order by f.images) as misses
    from given left join frequent f using (tag)
    group by image_id having count(*) = count(f.images)
),
chances as (
    select image_id, 1 - list_product(misses) as chance from common
    union all
    select image_id, 0 from candidates where len(tags) = 0 and $untagged = 'reject'
),
draws as (
    select *, (md5_number_upper('tag_balance:' || $seed || ':' || image_id) >> 11)::double / (1::bigint << 53) as draw
    from chances
)
select image_id, 'tag_balance' as reason, draw as value, chance as threshold from draws where draw >= chance
