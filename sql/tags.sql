-- tags: the tags of each image of one drop. `folds` gives the one spelling of each raw tag, `tag_vocabulary` what it
-- stands for; implied tags are added when asked for, blacklisted ones left out, unknown ones kept.
-- Images and tags are numbered in their order first: grouping and sorting numbers is several times as fast as texts.
-- inputs: drop_occurrences, folds, tag_vocabulary
-- params: implied, blacklist_categories
with spellings as (
    select
        f.tag as raw, coalesce(v.tag, f.folded) as tag, v.category, v.vocabulary,
        list_position(['given', 'alias', 'renamed'], coalesce(v.origin, 'given')) as origin, v.implied
    from folds f left join tag_vocabulary v on v.spelling = f.folded
    where f.folded <> ''
),
meanings as (
    select s.raw, s.tag, s.category, s.vocabulary, s.origin
    from spellings s anti join (from tag_vocabulary where blacklisted) b on b.tag = s.tag
    union all
    select s.raw, v.tag, v.category, v.vocabulary, 4
    from (select raw, unnest(implied) as tag from spellings where $implied = 'add') s
    join tag_vocabulary v on v.spelling = s.tag
),
numbers as materialized (select raw, dense_rank() over (order by tag)::int as tag_number, origin::utinyint as origin from meanings),
tag_names as (
    select dense_rank() over (order by tag)::int as tag_number, tag, category, vocabulary
    from (select distinct tag, category, vocabulary from meanings)
),
images as materialized (
    select image_id, row_number() over (order by image_id)::int as image_number
    from (select distinct image_id from drop_occurrences where image_id is not null)
),
given as (
    select i.image_number, generate_subscripts(raw_tags, 1)::int - 1 as rank, unnest(raw_tags, recursive := true)
    from drop_occurrences o join images i on i.image_id = o.image_id
),
named as (
    select
        g.image_number, n.tag_number, min(n.origin) as origin,
        coalesce(min(g.rank) filter (n.origin < 4), min(g.rank)) as rank,
        min(g.category) filter (n.origin < 4 and g.category <> 'general') as category
    from given g join numbers n on n.raw = g.tag
    group by g.image_number, n.tag_number
)
select
    i.image_id, t.tag, coalesce(t.category, n.category, 'general') as category,
    ['given', 'alias', 'renamed', 'implied'][n.origin] as origin, t.vocabulary, n.rank
from named n
join tag_names t on t.tag_number = n.tag_number
join images i on i.image_number = n.image_number
where not list_contains($blacklist_categories::varchar[], coalesce(t.category, n.category, 'general'))
order by n.image_number, n.rank, n.tag_number
