-- rows: a run of an export's rows, each with its image's columns, all its texts, the first of each kind, and its tags.
-- inputs: chosen, images, texts, tags
-- params: first, last
with others as (
    select image_id, list({'kind': kind, 'text': text} order by kind) as texts
    from (
        select distinct on (image_id, kind) image_id, kind, text
        from texts where image_id between $first and $last
        order by image_id, kind, recipe, variant, n, caption_id
    )
    group by image_id
),
tagged as (
    select image_id, list({'tag': tag, 'category': category} order by rank) as merged_tags
    from tags where image_id between $first and $last
    group by image_id
)
select c.*, o.texts, t.merged_tags, i.* exclude (image_id, caption, caption_recipe, caption_model)
from chosen c
join images i on i.image_id = c.image_id
left join others o on o.image_id = c.image_id
left join tagged t on t.image_id = c.image_id
where c.image_id between $first and $last
order by c.image_id
