-- rows: a run of an export's rows, each with the text that the mix picks, its image's columns, all its texts and its tags.
-- inputs: part, picked, texts, images, tags
-- Sorting finished lists is several times as fast as `list(… order by …)`.
with others as (
    select
        image_id,
        list_sort(list({
            'kind': kind, 'recipe': recipe, 'variant': variant, 'n': n, 'caption_id': caption_id, 'text': text
        })) as texts
    from texts
    group by image_id
),
tagged as (
    select image_id, list_sort(list({'rank': rank, 'tag': tag, 'category': category})) as merged_tags
    from tags semi join part using (image_id)
    group by image_id
)
select
    c.place, c.image_id,
    p.text, p.kind, p.recipe, p.model, p.caption_id, p.fell_back,
    o.texts, t.merged_tags,
    i.tag_string, i.rating, i.alt_text, i.source, i.drop, i.uri, i.member, i.source_id, i.url, i.license,
    i.file_bytes, i.format, i.width, i.height, i.orientation
from part c
join images i on i.image_id = c.image_id
left join picked p on p.image_id = c.image_id
left join others o on o.image_id = c.image_id
left join tagged t on t.image_id = c.image_id
order by c.place
