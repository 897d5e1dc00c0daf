-- The pairs that count as duplicates: by pixels and hashes, and by embedding those of which these say nothing.
-- The distance of an embedding is in thousandths, from 0 for equal ones.
-- inputs: judged_pairs, embedding_pairs
-- params: embedding
select image_id_a, image_id_b, method, distance from judged_pairs where relation = 'duplicate'
union all
select e.image_id_a, e.image_id_b, 'embedding', round(1000 * (1 - e.cosine))::smallint
from embedding_pairs e
anti join judged_pairs j on j.image_id_a = e.image_id_a and j.image_id_b = e.image_id_b and j.relation <> 'unlike'
where $embedding > 0 and e.cosine >= $embedding::float
-- A sorted result is no stream: that of a union may stand still once its first buffer is full.
order by image_id_a, image_id_b
