-- Where each decoded image of one drop is first found, without the texts beside it, and the boxes of the text in it.
-- inputs: drop_listing, drop_occurrences, drop_text_regions
select distinct on (o.image_id)
    l.* replace (null as sidecars, null as metadata), o.image_id,
    coalesce(list_filter(t.boxes, lambda box: box.is_text is distinct from false), []) as text_boxes
from drop_listing l
join drop_occurrences o on o.uri = l.uri and o.member is not distinct from l.member
left join drop_text_regions t on t.image_id = o.image_id
where o.image_id is not null and o.status = 'ok'
order by o.image_id, l.uri, l."offset", l.member
