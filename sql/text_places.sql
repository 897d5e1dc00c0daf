-- Where each decoded image of one drop is first found, without the texts beside it.
-- inputs: drop_listing, drop_occurrences
select distinct on (o.image_id) l.* replace (null as sidecars, null as metadata), o.image_id
from drop_listing l
join drop_occurrences o on o.uri = l.uri and o.member is not distinct from l.member
where o.image_id is not null and o.status = 'ok'
order by o.image_id, l.uri, l."offset", l.member
