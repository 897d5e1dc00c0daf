-- dreamlip: k sentences of each image's long caption, one per line, others in every epoch (DreamLIP).
-- inputs: texts
-- params: k, epoch, seed
-- defaults: k 1, epoch 0, seed 0
with ranked as (
    select *, nullif(list_position(['long', 'dsc_plus', 'dsc', 'caption'], kind), 0) as rank from texts
),
best as (select distinct on (image_id) * from ranked where rank is not null order by image_id, rank, recipe, n, caption_id),
split as (
    select * exclude (n, text), unnest(sentences(text)) as text, generate_subscripts(sentences(text), 1) as n from best
),
drawn as (
    select *, row_number() over (partition by image_id order by draw(image_id || ':' || n, $seed || ':' || $epoch), n) as place
    from split
)
select
    image_id, kind, 0 as n, string_agg(text, chr(10) order by n) as text, caption_id, recipe, variant, model, rank
from drawn
where place <= $k
group by all
