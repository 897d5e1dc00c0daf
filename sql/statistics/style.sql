-- What gives captions of a recipe away (DALL-E 3 paper): how many begin with an article, end in a period, are in lower
-- case, and how they open.
-- inputs: captions
with texts as (
    select recipe, variant, model, trim(caption) as caption
    from captions where status = 'ok' and caption is not null
),
openers as (
    select
        recipe, variant, model,
        lower(regexp_extract(caption, '^\S+(\s+\S+)?')) as opener,
        count(*) as captions
    from texts group by all
),
usual as (
    select recipe, variant, model, list({'opener': opener, 'captions': captions} order by captions desc, opener)[:5] as openers
    from openers group by all
)
select
    t.recipe, t.variant, t.model,
    count(*) as captions,
    round(100.0 * count(*) filter (regexp_matches(t.caption, '^(?i)(a|an|the)\s')) / count(*), 2) as leading_article,
    round(100.0 * count(*) filter (ends_with(t.caption, '.')) / count(*), 2) as trailing_period,
    round(100.0 * count(*) filter (t.caption = lower(t.caption)) / count(*), 2) as lower_case,
    any_value(u.openers) as openers
from texts t
join usual u on u.recipe = t.recipe and u.variant = t.variant and u.model is not distinct from t.model
group by all
order by t.recipe, t.variant, t.model
