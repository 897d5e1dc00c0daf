-- The occurrences that count now: of each file the rows of its latest drop, unless the file has vanished.
-- view
-- inputs: occurrences, drops
select o.*, d.sequence
from occurrences o join drops d on d.drop = o.drop
qualify d.sequence = max(d.sequence) over (partition by o.source, o.uri) and o.status <> 'vanished'
