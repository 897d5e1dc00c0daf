-- The images that annotations name, and the captions that these have now; several rows where a name fits several images.
-- A path is a file relative to its source root, with its source's root before it, or with the archive's member after it.
-- inputs: annotations, current_occurrences, roots, chosen_captions, captions
with places as (
    select
        o.image_id, o.source_id, concat_ws('/', o.uri, o.member) as place, r.root,
        regexp_replace(concat_ws('/', o.uri, o.member), '\.[^./]*$', '') as stem
    from current_occurrences o left join roots r on r.source = o.source
    where o.image_id is not null
),
named as (
    select a.number, p.image_id from annotations a join places p on p.image_id = a.name where a."by" in ('image_id', 'stem')
    union
    select a.number, p.image_id from annotations a join places p on p.source_id = a.name where a."by" = 'source_id'
    union
    select a.number, p.image_id from annotations a join places p on p.place = a.name where a."by" = 'path'
    union
    select a.number, p.image_id from annotations a join places p on p.root || '/' || p.place = a.name where a."by" = 'path'
    union
    select a.number, p.image_id from annotations a join places p on p.stem = a.name where a."by" = 'stem'
),
by_people as (
    select image_id, count(*) as said, arg_max(caption, n) as caption from captions where recipe = 'person' group by image_id
)
select
    n.number, n.image_id, count(*) over (partition by n.number) as images,
    c.caption_id as parent, p.caption as said_before, coalesce(p.said, 0) as said
from named n
left join chosen_captions c on c.image_id = n.image_id
left join by_people p on p.image_id = n.image_id
order by n.number, n.image_id
