-- alt: the description that came with the image; the release's caption where there is none.
-- inputs: texts
select *, nullif(list_position(['alt', 'caption'], kind), 0) as rank from texts
