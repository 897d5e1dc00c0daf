-- Images that are kept under one configuration and rejected under the other, the reasons in turn.
-- inputs: outcomes_now, outcomes_changed
select n.image_id, c.stage is null as comes_in, coalesce(n.reason, c.reason) as reason
from outcomes_now n join outcomes_changed c on c.image_id = n.image_id
where (n.stage is null) <> (c.stage is null)
order by row_number() over (partition by comes_in, n.reason, c.reason order by n.image_id), n.image_id
