-- The files of a group as its drops left them: of each path the row of its latest drop, unless it has vanished.
-- The time of a file that is to be read again, and was not read so often yet, is left out: no file has none.
-- inputs: group_files
-- params: again, tries
select
    path,
    size,
    if(list_contains($again, path) and count(*) over (partition by path, size, modified) < $tries, null, modified)
        as modified,
    change
from group_files
qualify row_number() over (partition by path order by sequence desc) = 1 and change <> 'vanished'
order by path
