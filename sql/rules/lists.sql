-- lists: what is let in and kept out by rating (the strictest counts), licence, source and domain (of any copy).
-- inputs: image_texts, copies
-- params: allow_ratings, block_ratings, allow_licenses, block_licenses, allow_sources, block_sources, allow_domains, block_domains
with lists(kind, allow, block) as (
    values
        ('rating', $allow_ratings::varchar[], $block_ratings::varchar[]),
        ('license', $allow_licenses::varchar[], $block_licenses::varchar[]),
        ('source', $allow_sources::varchar[], $block_sources::varchar[]),
        ('domain', $allow_domains::varchar[], $block_domains::varchar[])
),
found as (
    select image_id, list(distinct license) as licenses, list(distinct source) as sources, list(distinct domain) as domains
    from copies group by image_id
),
stated as (
    select image_id, 'rating' as kind, ratings[:1] as words from image_texts
    union all
    select image_id, 'license', licenses from found
    union all
    select image_id, 'source', sources from found
    union all
    select image_id, 'domain', domains from found
),
said as (
    select s.image_id, s.kind, l.allow, l.block, unnest(if(len(list_filter(s.words, lambda w: w is not null)) = 0, ['unknown'], s.words)) as word
    from stated s join lists l on l.kind = s.kind
    where len(l.allow) + len(l.block) > 0
),
judged as (
    select
        image_id, kind,
        bool_or(len(list_filter(block, lambda p: word glob lower(p) or kind = 'domain' and ends_with(word, '.' || lower(p)))) > 0) as blocked,
        bool_or(len(list_filter(allow, lambda p: word glob lower(p) or kind = 'domain' and ends_with(word, '.' || lower(p)))) > 0)
            or len(any_value(allow)) = 0 as allowed
    from said group by image_id, kind
)
select image_id, kind || '_blocked' as reason, null::double as value, null::double as threshold from judged where blocked
union all
select image_id, kind || '_not_allowed', null, null from judged where not allowed
