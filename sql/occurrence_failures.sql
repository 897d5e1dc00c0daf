-- Every reason for which an occurrence is left out. Without one, it is where a kept image is read from.
-- view
-- inputs: found_occurrences, occurrences, drops, current_occurrences, homes, verdicts
with newest as (
    select o.source, o.uri, max(d.sequence) as sequence, arg_max(o.status, d.sequence) as status
    from occurrences o join drops d on d.drop = o.drop
    group by o.source, o.uri having min(d.sequence) < max(d.sequence)
)
select o.drop, o.uri, o.member, 'source' as stage, if(n.status = 'vanished', 'vanished', 'replaced') as reason,
    null::double as value, null::double as threshold
from found_occurrences o
join drops d on d.drop = o.drop
join newest n on n.source = o.source and n.uri = o.uri and n.sequence > d.sequence
union all
select "drop", uri, member, 'source', status, null, null from current_occurrences where image_id is null
union all
select c.drop, c.uri, c.member, 'duplicate', 'same_bytes', 0, null
from current_occurrences c join homes h on h.image_id = c.image_id
where (h.drop, h.uri, coalesce(h.member, '')) <> (c.drop, c.uri, coalesce(c.member, ''))
union all
select c.drop, c.uri, c.member, v.stage, v.reason, v.value, v.threshold
from current_occurrences c join verdicts v on v.image_id = c.image_id
