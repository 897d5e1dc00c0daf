-- How many images each stage rejects for each reason, under the present configuration (now) and a changed one (changed).
-- inputs: outcomes_now, outcomes_changed, stages
with counts as (
    select stage, reason, count(*) as now, 0 as changed from outcomes_now where stage is not null group by all
    union all
    select stage, reason, 0, count(*) from outcomes_changed where stage is not null group by all
),
sides as (select stage, reason, sum(now)::bigint as now, sum(changed)::bigint as changed from counts group by stage, reason)
select s.stage, c.reason, coalesce(c.now, 0) as now, coalesce(c.changed, 0) as changed
from stages s left join sides c on c.stage = s.stage
order by s.rank, greatest(c.now, c.changed) desc, c.reason
