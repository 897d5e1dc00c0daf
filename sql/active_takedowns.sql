-- The take-downs in force: those that were not lifted.
-- view
-- inputs: takedowns
from takedowns
where kind <> 'lift' and number not in (select value::bigint from takedowns where kind = 'lift')
