-- What a database of several releases offers beside their tables, which have a column `release`.

create table releases (release varchar not null, sequence integer, parent varchar, created_at timestamptz, notes varchar);

create macro release_diff(a, b) as table
with
unknown as (
    select name from (select unnest([a, b]::varchar[]) as name) where name not in (select release from releases)
),
old as (from images where release = a::varchar),
new as (from images where release = b::varchar),
-- What speaks of an image that isn't kept: the first rule that it fails, else what became of its file.
files as (
    select release, image_id, min_by({'stage': stage, 'reason': reason, 'detail': detail}, stage <> 'source') as first
    from rejects where release in (a::varchar, b::varchar) and image_id is not null
    group by release, image_id
),
stories as (
    select
        l.release, l.image_id,
        if(l.failures[1].stage = 'duplicate', l.duplicate_of, null) as stands_for_it,
        coalesce(l.failures[1].stage, f.first.stage) as stage,
        coalesce(l.failures[1].reason, f.first.reason) as reason,
        l.failures[1].value as value,
        l.failures[1].threshold as threshold,
        coalesce(l.by_hand, f.first.detail) as detail
    from lineage l left join files f on f.release = l.release and f.image_id = l.image_id
    where l.release in (a::varchar, b::varchar) and not l.kept
),
left_out as (
    select o.image_id, o.uri, o.member, o.caption, s.* exclude (release, image_id)
    from old o
    anti join new n on n.image_id = o.image_id
    left join (from stories where release = b::varchar) s on s.image_id = o.image_id
),
gone as (
    select
        if(k.image_id is null, 'removed', 'replaced') as change,
        o.image_id, o.uri, o.member, o.stage, coalesce(o.reason, 'not_found') as reason,
        o.value, o.threshold, o.detail, k.image_id as replaced_by, o.caption as caption_before, k.caption as caption_after
    from left_out o
    left join (from new where image_id in (select stands_for_it from left_out)) k on k.image_id = o.stands_for_it
),
come as (
    select
        'added' as change, n.image_id, n.uri, n.member, s.stage, coalesce(s.reason, 'new') as reason,
        s.value, s.threshold, s.detail, n.caption as caption_after
    from new n
    anti join old o on o.image_id = n.image_id
    left join (from stories where release = a::varchar) s on s.image_id = n.image_id
),
-- Joins hold one side in memory: ids and hashes of all images, texts only of those that differ.
chosen as (
    select image_id, x.caption_id as id_before, y.caption_id as id_after
    from (from lineage where release = a::varchar and kept) x
    join (from lineage where release = b::varchar and kept) y using (image_id)
    where x.caption_id is distinct from y.caption_id
),
tagged as (
    select image_id
    from (select image_id, hash(tags) as tags from old) o join (select image_id, hash(tags) as tags from new) n using (image_id)
    where o.tags <> n.tags
),
written as (
    select
        *, recipe || '/' || variant || ' by ' || model || coalesce('@' || model_revision, '')
            || coalesce(', prompt ' || left(prompt_hash, 12), '') as made
    from captions
),
recaptioned as (
    select
        'recaptioned' as change, n.image_id, n.uri, n.member,
        coalesce(nullif(concat_ws(
            ', ',
            if(x.recipe is distinct from y.recipe, 'recipe', null),
            if(x.variant is distinct from y.variant, 'variant', null),
            if(x.model is distinct from y.model or x.model_revision is distinct from y.model_revision, 'model', null),
            if(x.prompt_hash is distinct from y.prompt_hash, 'prompt', null),
            if(x.input_hash is distinct from y.input_hash, 'texts', null)
        ), ''), 'settings') as reason,
        o.caption as caption_before, n.caption as caption_after, x.made as made_before, y.made as made_after
    from chosen c
    join old o on o.image_id = c.image_id
    join new n on n.image_id = c.image_id
    left join (from written where release = a::varchar) x on x.caption_id = c.id_before
    left join (from written where release = b::varchar) y on y.caption_id = c.id_after
    where o.caption is distinct from n.caption or x.made is distinct from y.made
),
retagged as (
    select
        n.image_id, n.uri, n.member,
        list_filter(n.tags, lambda tag: not list_contains(o.tags, tag)) as tags_added,
        list_filter(o.tags, lambda tag: not list_contains(n.tags, tag)) as tags_removed
    from tagged t join old o on o.image_id = t.image_id join new n on n.image_id = t.image_id
)
select
    change, image_id, uri, member, stage, reason, value, threshold, detail, replaced_by,
    caption_before, caption_after, made_before, made_after, tags_added, tags_removed
from (
    from gone
    union all by name from come
    union all by name from recaptioned
    union all by name
    select if(tags_added = [] and tags_removed = [], 'reordered', 'retagged') as change, * from retagged
)
where (select count(error('release_diff: no release ' || name || ' is open')) = 0 from unknown)
order by list_position(['added', 'removed', 'replaced', 'recaptioned', 'retagged', 'reordered'], change), image_id;
