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
gone as (
    select
        if(k.image_id is null, 'removed', 'replaced') as change,
        o.image_id, o.uri, o.member, s.stage, coalesce(s.reason, 'not_found') as reason,
        s.value, s.threshold, s.detail, k.image_id as replaced_by, o.caption as caption_before, k.caption as caption_after
    from old o
    anti join new n on n.image_id = o.image_id
    left join (from stories where release = b::varchar) s on s.image_id = o.image_id
    left join new k on k.image_id = s.stands_for_it
),
come as (
    select
        'added' as change, n.image_id, n.uri, n.member, s.stage, coalesce(s.reason, 'new') as reason,
        s.value, s.threshold, s.detail, n.caption as caption_after
    from new n
    anti join old o on o.image_id = n.image_id
    left join (from stories where release = a::varchar) s on s.image_id = n.image_id
),
both_kept as (
    select
        n.image_id, n.uri, n.member, o.caption as caption_before, n.caption as caption_after,
        o.tags as tags_before, n.tags as tags_after
    from new n join old o on o.image_id = n.image_id
),
-- A caption that was kept has kept its id, so that few of them are looked up.
chosen as (
    select k.image_id, x.caption_id as id_before, y.caption_id as id_after
    from both_kept k
    join lineage x on x.release = a::varchar and x.image_id = k.image_id
    join lineage y on y.release = b::varchar and y.image_id = k.image_id
    where x.caption_id is distinct from y.caption_id
),
written as (
    select
        *, recipe || '/' || variant || ' by ' || model || coalesce('@' || model_revision, '')
            || coalesce(', prompt ' || left(prompt_hash, 12), '') as made
    from captions
),
recaptioned as (
    select
        'recaptioned' as change, k.image_id, k.uri, k.member,
        coalesce(nullif(concat_ws(
            ', ',
            if(x.recipe is distinct from y.recipe, 'recipe', null),
            if(x.variant is distinct from y.variant, 'variant', null),
            if(x.model is distinct from y.model or x.model_revision is distinct from y.model_revision, 'model', null),
            if(x.prompt_hash is distinct from y.prompt_hash, 'prompt', null),
            if(x.input_hash is distinct from y.input_hash, 'texts', null)
        ), ''), 'settings') as reason,
        k.caption_before, k.caption_after, x.made as made_before, y.made as made_after
    from chosen c
    join both_kept k on k.image_id = c.image_id
    left join (from written where release = a::varchar) x on x.caption_id = c.id_before
    left join (from written where release = b::varchar) y on y.caption_id = c.id_after
    where k.caption_before is distinct from k.caption_after or x.made is distinct from y.made
),
retagged as (
    select
        image_id, uri, member,
        list_filter(tags_after, lambda tag: not list_contains(tags_before, tag)) as tags_added,
        list_filter(tags_before, lambda tag: not list_contains(tags_after, tag)) as tags_removed
    from both_kept where tags_before is distinct from tags_after
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
