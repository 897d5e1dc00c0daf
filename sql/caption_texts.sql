-- What is known in words about each image that is to be captioned. Text boxes are relative: x0, y0, x1, y1.
-- view
-- inputs: image_texts, corpus_verdicts, current_text
select
    i.image_id,
    list_transform(i.tags, lambda x: {'tag': x.tag, 'category': x.category}) as tags,
    i.alt_texts,
    coalesce(
        list_transform(
            list_filter(t.boxes, lambda b: b.is_text is distinct from false), lambda b: [b.x0, b.y0, b.x1, b.y1]::double[]
        ),
        []
    ) as text_boxes
from image_texts i
anti join corpus_verdicts v on v.image_id = i.image_id
left join current_text t on t.image_id = i.image_id
