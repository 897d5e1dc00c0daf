-- The one occurrence from which each image is read: the first, in the order of the drops.
-- view
-- inputs: current_occurrences
-- Only images that were found again are sorted, which for all takes longer than all else. A window can spill to disk,
-- which `distinct on` can't.
with again as (select image_id from current_occurrences group by image_id having count(*) > 1),
firsts as (
    select image_id, "drop", uri, member
    from current_occurrences semi join again using (image_id)
    qualify row_number() over (partition by image_id order by sequence, uri, member) = 1
)
select o.*
from current_occurrences o left join firsts f on f.image_id = o.image_id
where o.image_id is not null and (
    f.image_id is null or (f.drop = o.drop and f.uri = o.uri and f.member is not distinct from o.member)
)
