-- lineage: the story of every image that was seen, kept or not.
-- inputs: occurrences, drops, kept, failures, duplicates, chosen_captions, stages, homes, current_text, taken_down, current_overrides
-- Lists can't spill to disk, so they are made only of what stands twice.
with found as (
    select o.image_id, d.sequence, o.uri, o.member, o.drop
    from occurrences o join drops d on d.drop = o.drop
    where o.image_id is not null
),
again as (select image_id from found group by image_id having count(*) > 1),
places as (
    select f.image_id, [{'drop': f.drop, 'uri': f.uri, 'member': f.member}] as occurrences
    from found f anti join again a on a.image_id = f.image_id
    union all
    select
        f.image_id,
        list_transform(
            list_sort(list({'sequence': f.sequence, 'uri': f.uri, 'member': f.member, 'drop': f.drop})),
            lambda x: {'drop': x.drop, 'uri': x.uri, 'member': x.member}
        ) as occurrences
    from found f semi join again a on a.image_id = f.image_id
    group by f.image_id
),
merged as (
    select keeper, list(image_id order by image_id) as merged
    from duplicates where image_id <> keeper group by keeper
),
-- What every stage says follows from three things, which are the same for many images.
cases as (
    select failed, is_current, has_text
    from (select list_transform(failures, lambda x: x.stage) as failed from failures union select []) f
    cross join (values (true), (false)) c(is_current)
    cross join (values (true), (false)) t(has_text)
),
judged as (
    select c.failed, c.is_current, c.has_text, list({
        'stage': s.stage,
        'verdict': case
            when not c.is_current then if(s.stage = 'source', 'rejected', 'not_judged')
            when list_contains(c.failed, s.stage) then 'rejected'
            when s.stage = 'text' and not c.has_text then 'not_judged'
            when list_contains(c.failed, 'broken') and s.stage not in ('source', 'takedown', 'override') then 'not_judged'
            when s.stage in ('corpus', 'caption') and first.rank < s.rank then 'not_judged'
            else 'passed'
        end
    } order by s.rank) as verdicts
    from cases c
    left join stages first on first.stage = c.failed[1]
    cross join stages s
    group by all
),
numbered as (select *, row_number() over (order by failed, is_current, has_text) as number from judged),
-- The verdicts, the longest of all lists, are not carried through the sort.
sorted as (
    select
        p.image_id,
        k.image_id is not null as kept,
        p.occurrences,
        coalesce(f.failures, []) as failures,
        j.number as verdicts,
        t.number as takedown,
        h.verdict as override,
        coalesce(t.words, h.reason) as by_hand,
        d.keeper as duplicate_of,
        if(d.method = 'embedding', null, d.distance) as duplicate_distance,
        coalesce(m.merged, []) as merged,
        c.caption_id,
        c.model as caption_model,
        c.prompt_hash as caption_prompt_hash,
        c.fingerprint as caption_fingerprint,
        c.parent as caption_parent
    from places p
    left join kept k on k.image_id = p.image_id
    left join failures f on f.image_id = p.image_id
    left join homes o on o.image_id = p.image_id
    left join current_text x on x.image_id = p.image_id
    join numbered j on j.failed = coalesce(list_transform(f.failures, lambda x: x.stage), [])
        and j.is_current = (o.image_id is not null) and j.has_text = coalesce(x.status = 'ok', false)
    left join taken_down t on t.image_id = p.image_id
    left join current_overrides h on h.image_id = p.image_id
    left join duplicates d on d.image_id = p.image_id and d.keeper <> p.image_id
    left join merged m on m.keeper = p.image_id
    left join chosen_captions c on c.image_id = p.image_id
    order by p.image_id
)
select * replace ((select list(verdicts order by number) from numbered)[verdicts] as verdicts) from sorted
