-- The captions written from the present texts that have no scores against them, with those texts. Of traces only those
-- that tell what a model saw.
-- inputs: captions, caption_inputs, score_texts, caption_scores
select
    c.caption_id, c.image_id, c.fingerprint, c.variant, c.caption, t.tags, t.alt_texts, t.input_hash,
    if(contains(c.trace, '"verify/'), c.trace, null) as trace
from captions c
join caption_inputs i on i.image_id = c.image_id and i.fingerprint = c.fingerprint and i.input_hash = c.input_hash
join score_texts t on t.image_id = c.image_id
anti join (from caption_scores where scorer = 'characters') s
    on s.caption_id = c.caption_id and s.input_hash = t.input_hash
where c.status = 'ok'
order by c.caption_id
