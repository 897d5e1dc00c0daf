-- What images take over that replace a worse copy of themselves: all that one recipe wrote for that copy, the last one
-- captioned where there are several.
-- inputs: missing_captions, duplicates, captions
-- params: fingerprint
with copies as (
    select distinct on (m.image_id)
        m.image_id, m.input_hash, m.attempts + 1 as attempt, c.image_id as copy, c.input_hash as copy_hash
    from missing_captions m
    join duplicates d on d.keeper = m.image_id and d.image_id <> m.image_id
    join captions c on c.image_id = d.image_id and c.fingerprint = m.fingerprint and c.status = 'ok'
    where m.fingerprint = $fingerprint
    order by m.image_id, c.created_at desc, c.image_id, c.input_hash
)
select c.* replace (i.image_id as image_id, i.input_hash as input_hash, i.attempt as attempt, c.caption_id as parent)
from copies i join captions c on c.image_id = i.copy and c.input_hash = i.copy_hash
where c.fingerprint = $fingerprint and c.final
order by i.image_id, c.variant, c.n
