-- The embeddings of the images that are left after duplicates.
-- inputs: image_texts, current_embeddings
select image_id, e.embedding
from current_embeddings e semi join image_texts using (image_id)
order by image_id
