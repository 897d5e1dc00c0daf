-- Every rule that each image fails, in the order of the stages; images that fail none are absent.
-- view
-- inputs: verdicts, stages
select
    v.image_id,
    list({'stage': v.stage, 'reason': v.reason, 'value': v.value, 'threshold': v.threshold} order by s.rank, v.reason)
        as failures
from verdicts v join stages s on s.stage = v.stage
group by v.image_id
