-- rejects: one row per occurrence left out, with the first rule that it failed and all others.
-- inputs: found_occurrences, occurrence_failures, stages, duplicates, taken_down, current_overrides
with judged as (
    select
        f.drop, f.uri, f.member,
        list_transform(
            list_sort(
                list({'rank': s.rank, 'reason': f.reason, 'stage': f.stage, 'value': f.value, 'threshold': f.threshold})
            ),
            lambda x: {'stage': x.stage, 'reason': x.reason, 'value': x.value, 'threshold': x.threshold}
        ) as failures
    from occurrence_failures f join stages s on s.stage = f.stage
    group by f.drop, f.uri, f.member
),
-- A condition on the left side of a left join would compare every row with every other.
keepers as (select image_id, keeper from duplicates where keeper <> image_id)
select
    j.drop, j.uri, j.member, o.source, o.image_id,
    j.failures[1].stage as stage,
    j.failures[1].reason as reason,
    case j.failures[1].stage
        when 'source' then o.reason when 'broken' then o.reason when 'takedown' then t.words when 'override' then v.reason
    end as detail,
    j.failures[1].value as value,
    j.failures[1].threshold as threshold,
    coalesce(d.keeper, if(list_contains(list_transform(j.failures, lambda f: f.reason), 'same_bytes'), o.image_id, null))
        as duplicate_of,
    j.failures
from judged j
join found_occurrences o on o.drop = j.drop and o.uri = j.uri and o.member is not distinct from j.member
left join keepers d on d.image_id = if(j.failures[1].stage = 'source', null, o.image_id)
left join taken_down t on t.image_id = o.image_id
left join current_overrides v on v.image_id = o.image_id
order by j.drop, j.uri, j.member
