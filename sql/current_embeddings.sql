-- The embeddings of each image that has a current occurrence, once.
-- view
-- inputs: image_embeddings, current_occurrences
select distinct on (image_id) e.image_id, e.embedding, if(len(e.masked) = 0, e.embedding, e.masked) as masked
from image_embeddings e semi join current_occurrences o on o.image_id = e.image_id
where e.status = 'ok'
order by image_id
