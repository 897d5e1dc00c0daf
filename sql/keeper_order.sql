-- Which image of a star of duplicates stays: most pixels, then least compressed, then most tags, then smallest id.
-- Images without a pair are in no star, and left out; so are placeholders, whose texts belong to other pictures.
-- inputs: duplicate_pairs, embedding_pairs, current_facts, image_verdicts, tags
with paired as (
    select image_id_a as image_id from duplicate_pairs union select image_id_b from duplicate_pairs
    union
    select image_id_a from embedding_pairs union select image_id_b from embedding_pairs
),
tag_counts as (
    select image_id, count(distinct tag) as tags from tags semi join paired using (image_id) group by image_id
)
select
    f.image_id,
    row_number() over (
        order by
            f.width::bigint * f.height desc,
            f.file_bytes / (f.width::bigint * f.height) desc,
            coalesce(t.tags, 0) desc,
            f.image_id
    ) - 1 as keeper_rank,
    v.image_id is null as survives
from current_facts f
semi join paired p on p.image_id = f.image_id
anti join (from image_verdicts where reason = 'placeholder') h on h.image_id = f.image_id
left join tag_counts t on t.image_id = f.image_id
left join (select distinct image_id from image_verdicts) v on v.image_id = f.image_id
where f.status = 'ok'
order by keeper_rank
