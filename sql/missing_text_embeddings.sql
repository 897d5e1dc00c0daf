-- The alt texts that have no embedding yet.
-- inputs: image_texts, text_embeddings
select text
from (select distinct unnest(alt_texts) as text from image_texts) anti join text_embeddings using (text)
order by text
