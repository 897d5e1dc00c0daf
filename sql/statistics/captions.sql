-- How long captions are, by recipe and variant, in about the tokens of CLIP: pieces of eight letters, signs, CJK characters.
-- A band is what was published for a variant (ssc, dsc, dsc_plus: arXiv 2410.02740; short, long: RECAP, arXiv 2310.16656);
-- a median off it by more than a quarter is marked.
-- inputs: captions
with bands (variant, low, high) as (
    values ('ssc', 10, 15), ('dsc', 40, 60), ('dsc_plus', 100, null), ('short', 1, 77), ('long', 1, 77)
),
lengths as (
    select recipe, variant, model, caption, len(regexp_extract_all(
        caption, '[\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7af}]|[\pL\pM\pN]{1,8}|[^\pL\pM\pN\s]'
    )) as tokens
    from captions where status = 'ok' and caption is not null
),
counted as (
    select
        recipe, variant, model,
        count(*) as captions,
        round(sum(tokens) / count(*), 2) as mean,
        quantile_disc(tokens, 0.05) as p5,
        quantile_disc(tokens, 0.5) as median,
        quantile_disc(tokens, 0.95) as p95,
        max(tokens) as longest
    from lengths group by recipe, variant, model
)
select
    c.*, b.low as band_low, b.high as band_high,
    c.median < 0.75 * b.low or coalesce(c.median > 1.25 * b.high, false) as off_band
from counted c left join bands b on b.variant = coalesce(nullif(c.variant, 'caption'), c.recipe)
order by c.recipe, c.variant, c.model
