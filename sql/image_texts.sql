-- What is known in words about each surviving image, merged from the duplicates that it stands for.
-- inputs: members, current_occurrences, tag_lists
with texts as (
    select m.image_id, m.member, o.alt_text, o.source_url, o.rating
    from members m join current_occurrences o on o.image_id = m.member
),
text_lists as (
    select
        image_id,
        list(distinct alt_text order by length(alt_text) desc, alt_text) filter (alt_text is not null) as alt_texts,
        list(distinct source_url order by source_url) filter (source_url is not null) as source_urls,
        list(distinct rating order by list_position(['explicit', 'questionable', 'sensitive', 'general'], rating))
            filter (rating is not null) as ratings,
        list(distinct member order by member) as merged_from
    from texts group by image_id
)
select
    x.image_id,
    coalesce(t.tags, []) as tags,
    coalesce(x.alt_texts, []) as alt_texts,
    coalesce(x.source_urls, []) as source_urls,
    coalesce(x.ratings, []) as ratings,
    x.merged_from
from text_lists x left join tag_lists t on t.image_id = x.image_id
order by x.image_id
