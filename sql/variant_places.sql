-- Variants of each other among the survivors, where they are read from, and what tells them apart.
-- inputs: variants, homes
-- params: recoloured, redrawn
select
    v.image_id_a, a.uri as uri_a, v.image_id_b, b.uri as uri_b, v.distance,
    coalesce(v.recoloured > $recoloured and $recoloured > 0, false) as is_recoloured, v.recoloured,
    coalesce(v.redrawn > $redrawn and $redrawn > 0, false) as is_redrawn, v.redrawn
from variants v
join homes a on a.image_id = v.image_id_a
join homes b on b.image_id = v.image_id_b
order by v.image_id_a, v.image_id_b
