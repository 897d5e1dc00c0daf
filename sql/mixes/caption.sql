-- caption: the caption that the release chose. Every kept image has one.
-- inputs: texts
select *, if(kind = 'caption', 1, null) as rank from texts
