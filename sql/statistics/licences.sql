-- How many images have each licence, as their sources state it: the twenty most frequent.
-- inputs: images
select coalesce(license, 'not stated') as licence, count(*) as images,
    round(100.0 * count(*) / (select count(*) from images), 2) as percent
from images
group by licence
order by images desc, licence
limit 20
