-- rejects of a release that is issued again without the images in `taken`: the places of these, left out by the take-down
-- but for what had failed in the stage before it.
-- inputs: images, rejects, taken
with changed as (
    select {'stage': 'takedown', 'reason': t.kind, 'value': null::double, 'threshold': null::double} as failure, t.*
    from taken t
)
select
    r.drop, r.uri, r.member, r.source, r.image_id,
    if(c.image_id is null or r.stage = 'source', r.stage, 'takedown') as stage,
    if(c.image_id is null or r.stage = 'source', r.reason, c.kind) as reason,
    if(c.image_id is null or r.stage = 'source', r.detail, c.words) as detail,
    if(c.image_id is null or r.stage = 'source', r.value, null) as value,
    if(c.image_id is null or r.stage = 'source', r.threshold, null) as threshold,
    r.duplicate_of,
    case
        when c.image_id is null then r.failures
        when r.stage = 'source' then list_concat(r.failures[:1], [c.failure], r.failures[2:])
        else list_concat([c.failure], r.failures)
    end as failures
from rejects r left join changed c on c.image_id = r.image_id
union all
select i.drop, i.uri, i.member, i.source, i.image_id, 'takedown', c.kind, c.words, null, null, null, [c.failure]
from images i join changed c on c.image_id = i.image_id
order by "drop", uri, member
