-- Pairs that this project and fastdup each call duplicates, among surviving images of different pixels, and what the
-- stored facts say of those that only fastdup has. Copies of the same pixels count as one image.
-- inputs: judged_pairs, fastdup_pairs, survivors, current_facts
with pictures as (
    select image_id, min(image_id) over (partition by pixel_hash, decode_scale) as picture
    from current_facts semi join survivors using (image_id)
),
ours as (
    select least(a.picture, b.picture) as a, greatest(a.picture, b.picture) as b,
        ['duplicate', 'variant', 'unlike'][min(case relation when 'duplicate' then 1 when 'variant' then 2 else 3 end)] as relation
    from judged_pairs p join pictures a on a.image_id = p.image_id_a join pictures b on b.image_id = p.image_id_b
    where a.picture <> b.picture group by all
),
theirs as (
    select least(a.picture, b.picture) as a, greatest(a.picture, b.picture) as b, max(correlation) as similarity
    from fastdup_pairs p join pictures a on a.image_id = p.image_id_a join pictures b on b.image_id = p.image_id_b
    where a.picture <> b.picture group by all
)
select
    case when t.a is null then 'ours' when o.relation = 'duplicate' then 'both' else 'fastdup' end as found_by,
    coalesce(o.relation, 'no pair') as relation,
    count(*) as pairs,
    min(t.similarity)::double as least_similarity,
    max(t.similarity)::double as most_similarity,
    min_by(a, (t.similarity, a, b)) as example_a,
    min_by(b, (t.similarity, a, b)) as example_b
from ours o full join theirs t using (a, b)
where t.a is not null or o.relation = 'duplicate'
group by all
order by found_by, relation
