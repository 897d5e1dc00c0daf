-- Where each image that is left after duplicates was found, as itself or as one of the duplicates merged into it.
-- view
-- inputs: image_texts, current_occurrences
select
    m.image_id,
    lower(o.license) as license,
    lower(o.source) as source,
    nullif(regexp_extract(lower(o.source_url), '^[a-z][a-z0-9+.-]*://([^/?#@]*@)?([^/:?#]+?)\.?([:/?#]|$)', 2), '') as domain
from (select image_id, unnest(merged_from) as member from image_texts) m
join current_occurrences o on o.image_id = m.member
