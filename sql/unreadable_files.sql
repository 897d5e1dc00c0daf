-- The files of a source of which something could not be read when it was last tried.
-- inputs: current_occurrences
-- params: source
select distinct uri from current_occurrences where source = $source and status = 'unreadable' order by uri
