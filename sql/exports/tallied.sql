-- tallied: how many rows of an export were given each kind of text, and how many of these are not what the mix wanted.
-- inputs: chosen
select kind, recipe, count(*)::bigint as rows, count_if(fell_back)::bigint as fell_back
from chosen
where text is not null
group by kind, recipe
order by kind, recipe
