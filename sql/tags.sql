-- tags: the tags of each image of one drop, in the one spelling that `folds` gives for each raw tag.
-- inputs: drop_occurrences, folds
with given as (
    select image_id, generate_subscripts(raw_tags, 1) - 1 as rank, unnest(raw_tags, recursive := true)
    from drop_occurrences where image_id is not null
)
select
    g.image_id,
    f.folded as tag,
    coalesce(min(g.category) filter (g.category <> 'general'), min(g.category), 'general') as category,
    'given' as origin,
    min(g.rank) as rank
from given g join folds f on f.tag = g.tag
where f.folded <> ''
group by g.image_id, f.folded
order by g.image_id, rank, tag
