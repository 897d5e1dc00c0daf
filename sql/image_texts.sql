-- What is known in words about each image that is left after duplicates, merged from the duplicates that it stands for.
-- inputs: unique_survivors, current_occurrences, duplicates, tags
with members as (
    select s.image_id, coalesce(d.image_id, s.image_id) as member
    from unique_survivors s left join duplicates d on d.keeper = s.image_id
),
texts as (
    select m.image_id, m.member, o.alt_text, o.source_url, o.rating
    from members m join current_occurrences o on o.image_id = m.member
),
merged_tags as (
    select m.image_id, t.tag, min(t.rank) as rank, min_by(t.category, (t.category = 'general', t.rank)) as category
    from members m join tags t on t.image_id = m.member
    group by m.image_id, t.tag
),
tag_lists as (
    select image_id, list({'tag': tag, 'category': category} order by
        list_position(['copyright', 'character', 'artist', 'species', 'general', 'meta'], category), rank, tag) as tags
    from merged_tags group by image_id
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
