-- lineage: the story of every image that was seen, kept or not.
-- inputs: occurrences, drops, kept, failures, duplicates, chosen_captions, stages, current_occurrences, current_text, taken_down, current_overrides
with places as (
    -- Sorting one list of structs is several times as fast as an ordered aggregate with as many keys.
    select
        o.image_id,
        list_transform(
            list_sort(list({'sequence': d.sequence, 'uri': o.uri, 'member': o.member, 'drop': o.drop})),
            lambda x: {'drop': x.drop, 'uri': x.uri, 'member': x.member}
        ) as occurrences
    from occurrences o join drops d on d.drop = o.drop
    where o.image_id is not null
    group by o.image_id
),
merged as (
    select keeper, list(image_id order by image_id) as merged
    from duplicates where image_id <> keeper group by keeper
),
-- What a stage says follows from a few things, the same for many images.
cases as (
    select
        p.image_id,
        coalesce(list_transform(f.failures, lambda x: x.stage), []) as failed,
        exists (from current_occurrences c where c.image_id = p.image_id) as is_current,
        exists (from current_text t where t.image_id = p.image_id and t.status = 'ok') as has_text
    from places p left join failures f on f.image_id = p.image_id
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
    from (select distinct failed, is_current, has_text from cases) c
    left join stages first on first.stage = c.failed[1]
    cross join stages s
    group by all
)
select
    p.image_id,
    k.image_id is not null as kept,
    p.occurrences,
    coalesce(f.failures, []) as failures,
    v.verdicts,
    t.number as takedown,
    h.verdict as override,
    coalesce(t.words, h.reason) as by_hand,
    d.keeper as duplicate_of,
    d.distance as duplicate_distance,
    coalesce(m.merged, []) as merged,
    c.caption_id,
    c.model as caption_model,
    c.prompt_hash as caption_prompt_hash,
    c.fingerprint as caption_fingerprint,
    c.parent as caption_parent
from places p
join cases x on x.image_id = p.image_id
join judged v on v.failed = x.failed and v.is_current = x.is_current and v.has_text = x.has_text
left join kept k on k.image_id = p.image_id
left join failures f on f.image_id = p.image_id
left join taken_down t on t.image_id = p.image_id
left join current_overrides h on h.image_id = p.image_id
left join duplicates d on d.image_id = p.image_id and d.keeper <> p.image_id
left join merged m on m.keeper = p.image_id
left join chosen_captions c on c.image_id = p.image_id
order by p.image_id
