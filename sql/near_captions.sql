-- How many other images have nearly the same caption by the same recipe: near_likeness of the distinct words of both, of
-- those of either. Captions without any such are absent; nothing is looked for where near_images is 0.
-- Of two sets so alike each has few words that the other has not, so they share two of the few rarest of either: only
-- those are compared (prefix filtering: Bayardo et al. 2007, Wang et al. 2012). None is missed.
-- view
-- inputs: candidate_captions, captions
-- params: near_images, near_likeness
with said as materialized (
    select
        k.caption_id, k.image_id, k.fingerprint, k.variant, k.n,
        list_sort(list_distinct(regexp_extract_all(lower(c.caption), '[\pL\pN]+'))) as words
    from candidate_captions k join captions c on c.caption_id = k.caption_id and c.status = 'ok'
    where $near_images > 0
),
texts as (
    select fingerprint, variant, n, words, len(words) as size, count(*) as images
    from said where len(words) > 0
    group by all
),
sets as materialized (select *, row_number() over () as number from texts),
tokens as materialized (select number, unnest(words) as word from sets),
frequencies as (select word, count(*) as sets from tokens group by word),
ranked as (
    select number, word, row_number() over (partition by number order by f.sets, word) as rank
    from tokens join frequencies f using (word)
),
rare as materialized (
    select s.fingerprint, s.variant, s.n, s.number, s.size, r.word, r.rank
    from ranked r join sets s using (number)
    where r.rank <= s.size - ceil($near_likeness * s.size - 1e-9) + 2
),
pairs as materialized (
    select a.number, a.size, hash(a.fingerprint, a.variant, a.n, a.word, b.word) as words
    from rare a join rare b on b.number = a.number and b.rank > a.rank
),
compared as (
    select distinct a.number as one, b.number as other
    from pairs a join pairs b using (words)
    where a.number < b.number and least(a.size, b.size) >= $near_likeness * greatest(a.size, b.size) - 1e-9
),
near as (
    select one, other, images_one, images_other
    from (
        select c.*, a.images as images_one, b.images as images_other, a.size + b.size as sizes,
            len(list_intersect(a.words, b.words)) as shared
        from compared c join sets a on a.number = one join sets b on b.number = other
    )
    where shared / (sizes - shared) >= $near_likeness - 1e-9
),
others as (
    select number, sum(images)::double as images
    from (
        select one as number, images_other as images from near
        union all select other, images_one from near
        union all select number, images - 1 from sets
    )
    group by number
)
select s.caption_id, s.image_id, o.images
from said s join sets using (fingerprint, variant, n, words) join others o using (number)
where o.images > 0
