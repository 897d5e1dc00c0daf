-- The files of a group as its drops left them: of each path the row of its latest drop, unless it has vanished.
-- inputs: group_files
select path, size, modified, change
from group_files
qualify row_number() over (partition by path order by sequence desc) = 1 and change <> 'vanished'
order by path
