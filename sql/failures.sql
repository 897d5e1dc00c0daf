-- Every rule that each image fails, in the order of the stages; images that fail none are absent.
-- view
-- inputs: verdicts, stages
-- Sorting one list of structs is several times as fast as an ordered aggregate.
select
    v.image_id,
    list_transform(
        list_sort(list({'rank': s.rank, 'reason': v.reason, 'stage': v.stage, 'value': v.value, 'threshold': v.threshold})),
        lambda x: {'stage': x.stage, 'reason': x.reason, 'value': x.value, 'threshold': x.threshold}
    ) as failures
from verdicts v join stages s on s.stage = v.stage
group by v.image_id
