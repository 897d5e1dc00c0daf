-- Check: every occurrence is either the home of a kept image or a reject with a reason. Rows are what is wrong.
-- inputs: images, rejects, lineage
-- params: occurrences
select 'occurrences in, images and rejects out' as key, $occurrences::varchar as value,
    (select count(*) from images) + (select count(*) from rejects) as rows
where rows <> $occurrences
union all
select 'reject without a reason', uri, 1 from rejects where coalesce(reason, 'ok') = 'ok'
union all
select 'kept in lineage, not in images', image_id, 1 from lineage anti join images using (image_id) where kept
union all
select 'in images, not kept in lineage', image_id, 1 from images anti join (from lineage where kept) using (image_id)
order by key, value
