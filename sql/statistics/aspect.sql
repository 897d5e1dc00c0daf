-- How many images there are by aspect: the nearest of the usual ratios of width to height, by their logarithm.
-- inputs: images
with ratios (aspect, ratio) as (
    values ('1:2', 0.5), ('9:16', 0.5625), ('2:3', 0.6667), ('3:4', 0.75), ('1:1', 1.0), ('4:3', 1.3333), ('3:2', 1.5),
        ('16:9', 1.7778), ('2:1', 2.0)
),
sizes as (select width, height, count(*) as images from images group by all),
nearest as (
    select s.images, min_by({'aspect': r.aspect, 'ratio': r.ratio}, abs(ln(s.width / s.height) - ln(r.ratio::double))) as r
    from sizes s cross join ratios r
    group by s.width, s.height, s.images
)
select
    r.aspect as aspect, sum(images)::bigint as images,
    round(100.0 * sum(images) / (select count(*) from images), 2) as percent
from nearest group by r
order by r.ratio
