-- The files of a source with images in formats that were not read when it was last tried, and are by now.
-- inputs: occurrences, image_facts, drops
-- params: source, formats
-- No window over all occurrences, of which hardly any is meant: this is asked on every look at a source.
with found as (
    select o.uri, d.sequence, o.image_id, o.status
    from occurrences o join drops d on d.drop = o.drop where o.source = $source
),
unread as (
    select uri, max(sequence) as sequence
    from found semi join (
        from image_facts where status = 'unsupported_format' and list_contains($formats, format)
    ) f on f.image_id = found.image_id
    where status = 'unsupported_format'
    group by uri
)
select u.uri from unread u anti join found f on f.uri = u.uri and f.sequence > u.sequence
order by u.uri
