-- How well the best alt text of each image matches it: cosine with the picture, and with its text painted over.
-- Images without an alt text or an embedding have no score.
-- view
-- inputs: image_texts, current_embeddings, text_embeddings
select
    i.image_id,
    max(list_dot_product(e.embedding, t.embedding)) as score,
    max(list_dot_product(e.masked, t.embedding)) as masked_score
from (select image_id, unnest(alt_texts) as text from image_texts) i
join text_embeddings t using (text)
join current_embeddings e on e.image_id = i.image_id
group by i.image_id
