-- The texts that a caption is written from, and their hash: a caption is stale when its input hash is another.
-- view
-- inputs: image_texts, corpus_verdicts
with said as (
    select image_id, list_transform(tags, lambda x: {'tag': x.tag, 'category': x.category}) as tags, alt_texts
    from image_texts anti join corpus_verdicts using (image_id)
)
select
    image_id, tags, alt_texts,
    sha256(to_json({'image_id': image_id, 'tags': tags, 'alt_texts': alt_texts})::varchar) as input_hash
from said
