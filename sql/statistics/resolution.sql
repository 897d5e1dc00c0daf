-- How many images there are by resolution: the side of a square of the same area, in steps that trainers use.
-- inputs: images
with sides (low, resolution) as (
    values (0, 'below 256'), (256, '256'), (512, '512'), (768, '768'), (1024, '1024'), (1536, '1536'), (2048, '2048 and more')
)
select s.resolution, count(*) as images, round(100.0 * count(*) / (select count(*) from images), 2) as percent
from (select sqrt(width * height) as side from images) i asof join sides s on i.side >= s.low
group by s.low, s.resolution
order by s.low
