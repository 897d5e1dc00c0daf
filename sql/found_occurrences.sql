-- The places where a file was found, in drops that count; marks of vanished files apart.
-- view
-- inputs: occurrences, drops
select o.* from occurrences o semi join drops d on d.drop = o.drop where o.status <> 'vanished'
