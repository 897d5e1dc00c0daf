-- What is known in words about each image that is left after duplicates, merged from the duplicates that it stands for.
-- inputs: unique_survivors, current_occurrences, occurrences, duplicates, tags
with members as (
    select s.image_id, coalesce(d.image_id, s.image_id) as member
    from unique_survivors s left join duplicates d on d.keeper = s.image_id
),
several as (
    select m.image_id from members m join occurrences o on o.image_id = m.member group by m.image_id having count(*) > 1
),
given_tags as (
    select m.image_id, t.tag, t.rank, t.category from members m join tags t on t.image_id = m.member
),
-- Only what was found in several places can have a tag twice; to group all tags would take longer than all the rest.
merged_tags as (
    select image_id, tag, rank, category from given_tags anti join several using (image_id)
    union all
    select image_id, tag, min(rank), min_by(category, (category = 'general', rank))
    from given_tags semi join several using (image_id) group by image_id, tag
),
-- Sorting finished lists is three times as fast as `list(… order by …)`, and distinct lists likewise.
tag_lists as (
    select image_id, list_sort(list({
        'place': list_position(['copyright', 'character', 'artist', 'species', 'general', 'meta'], category),
        'rank': rank, 'tag': tag, 'category': category
    })) as tags
    from merged_tags group by image_id
),
text_lists as (
    select
        m.image_id,
        list({'place': -length(o.alt_text), 'text': o.alt_text}) filter (o.alt_text is not null) as alt_texts,
        list(o.source_url) filter (o.source_url is not null) as source_urls,
        list({'place': list_position(['explicit', 'questionable', 'sensitive', 'general'], o.rating), 'rating': o.rating})
            filter (o.rating is not null) as ratings,
        list(m.member) as merged_from
    from members m join current_occurrences o on o.image_id = m.member
    group by m.image_id
)
select
    x.image_id,
    coalesce(list_transform(t.tags, lambda each: {'tag': each.tag, 'category': each.category}), []) as tags,
    coalesce(list_transform(list_sort(list_distinct(x.alt_texts)), lambda each: each.text), []) as alt_texts,
    coalesce(list_sort(list_distinct(x.source_urls)), []) as source_urls,
    coalesce(list_transform(list_sort(list_distinct(x.ratings)), lambda each: each.rating), []) as ratings,
    list_sort(list_distinct(x.merged_from)) as merged_from
from text_lists x left join tag_lists t on t.image_id = x.image_id
order by x.image_id
