-- What a set is biased towards: orientation, colour, who is shown (by tags), rating. An image may show several kinds.
-- inputs: images, tags
with people as (
    select
        image_id,
        bool_or(regexp_full_match(tag, '[1-9]\+?girls?|multiple_girls')) as girls,
        bool_or(regexp_full_match(tag, '[1-9]\+?boys?|multiple_boys')) as boys,
        bool_or(regexp_full_match(tag, '[1-9]\+?others?|multiple_others')) as others,
        bool_or(tag = 'no_humans') as nobody,
        bool_or(regexp_full_match(tag, '([2-9]|[1-9]\+)(girl|boy|other)s?|multiple_(girls|boys|others)'))
            or count(*) filter (tag in ('1girl', '1boy', '1other')) > 1 as several
    from tags where regexp_full_match(tag, '[1-9]\+?(girl|boy|other)s?|multiple_(girls|boys|others)|no_humans')
    group by image_id
),
measured as (
    select 'orientation' as measure, case when height > width then 'portrait' when width > height then 'landscape' else 'square' end as value
    from images
    union all
    select 'colour', if(greyscale, 'greyscale', 'colour') from images where greyscale is not null
    union all
    select 'people', unnest(list_filter([
        if(p.girls, 'girls', null), if(p.boys, 'boys', null), if(p.others, 'others', null),
        if(p.several, 'several', null), if(p.nobody, 'nobody', null), if(p.image_id is null, 'not tagged', null)
    ], lambda x: x is not null))
    from images i left join people p on p.image_id = i.image_id
    union all
    select 'rating', coalesce(rating, 'unknown') from images
)
select measure, value, count(*) as images, round(100.0 * count(*) / (select count(*) from images), 2) as percent
from measured
group by measure, value
order by list_position(['orientation', 'colour', 'people', 'rating'], measure), images desc, value
