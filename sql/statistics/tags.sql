-- The hundred tags that most images have.
-- inputs: images, tags
select tag, category, count(*) as images, round(100.0 * count(*) / (select count(*) from images), 2) as percent
from tags
group by tag, category
order by images desc, tag, category
limit 100
