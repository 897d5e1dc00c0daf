-- Why occurrences were left out, duplicates among them.
-- inputs: rejects
select stage, reason, count(*) as occurrences
from rejects
group by stage, reason
order by occurrences desc, stage, reason
