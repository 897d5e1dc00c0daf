-- The files of a source of which something could not be read, or that were listed and gone, when they were last tried.
-- inputs: occurrences, drops
-- params: source, gone
with failed as (
    from occurrences
    where source = $source and (status = 'unreadable' or (status = 'vanished' and reason = $gone))
)
select distinct o.uri
from occurrences o join drops d on d.drop = o.drop
where o.source = $source and o.uri in (select uri from failed)
qualify d.sequence = max(d.sequence) over (partition by o.uri)
    and (o.status = 'unreadable' or (o.status = 'vanished' and o.reason = $gone))
order by o.uri
