-- Which image of a star of duplicates stays: most pixels, then least compressed, then most tags, then smallest id.
-- inputs: current_facts, image_verdicts, tags
with tag_counts as (select image_id, count(distinct tag) as tags from tags group by image_id)
select
    f.image_id,
    row_number() over (
        order by
            f.width::bigint * f.height desc,
            f.file_bytes / (f.width::bigint * f.height) desc,
            coalesce(t.tags, 0) desc,
            f.image_id
    ) - 1 as keeper_rank,
    f.image_id not in (select image_id from image_verdicts) as survives
from current_facts f left join tag_counts t on t.image_id = f.image_id
where f.status = 'ok'
order by keeper_rank
