-- The rows of one drop's caption work, each with the place where its image is read, in the order of the places.
-- inputs: drop_listing, waiting
-- params: drop
with places as (select * replace (null as sidecars, null as metadata) from drop_listing)
select w.*, l as listed
from waiting w left join places l on l.uri = w.uri and l.member is not distinct from w.member
where w."drop" = $drop
order by w.uri, l."offset", w.member, w.image_id
