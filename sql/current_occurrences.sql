-- The occurrences that count now: of each file the rows of its latest drop, unless the file has vanished.
-- view
-- inputs: occurrences, drops
-- Few files are in several drops; to look at those alone takes half as long as a window over all rows.
with again as (
    select o.source, o.uri, max(d.sequence) as newest
    from occurrences o join drops d on d.drop = o.drop
    group by o.source, o.uri having min(d.sequence) < max(d.sequence)
)
select o.*, d.sequence
from occurrences o join drops d on d.drop = o.drop
left join again a on a.source = o.source and a.uri = o.uri
where d.sequence = coalesce(a.newest, d.sequence) and o.status <> 'vanished'
