-- lineage: the story of every image that was seen, kept or not.
-- inputs: occurrences, drops, kept, failures, duplicates, chosen_captions
with places as (
    select o.image_id, list({'drop': o.drop, 'uri': o.uri, 'member': o.member} order by d.sequence, o.uri, o.member) as occurrences
    from occurrences o join drops d on d.drop = o.drop
    where o.image_id is not null
    group by o.image_id
),
merged as (
    select keeper, list(image_id order by image_id) as merged
    from duplicates where image_id <> keeper group by keeper
)
select
    p.image_id,
    k.image_id is not null as kept,
    p.occurrences,
    coalesce(f.failures, []) as failures,
    d.keeper as duplicate_of,
    d.distance as duplicate_distance,
    coalesce(m.merged, []) as merged,
    c.caption_id,
    c.model as caption_model,
    c.prompt_hash as caption_prompt_hash,
    c.fingerprint as caption_fingerprint,
    c.parent as caption_parent
from places p
left join kept k on k.image_id = p.image_id
left join failures f on f.image_id = p.image_id
left join duplicates d on d.image_id = p.image_id and d.keeper <> p.image_id
left join merged m on m.keeper = p.image_id
left join chosen_captions c on c.image_id = p.image_id
order by p.image_id
