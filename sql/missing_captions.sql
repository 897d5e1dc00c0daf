-- The images that a recipe has no final caption for, from the texts they have now, and how often that was tried.
-- All captions of an image in one attempt are final, or none is.
-- view
-- inputs: caption_inputs, captions
with tried as (
    select image_id, fingerprint, input_hash, max(attempt) as attempts, bool_or(final) as final
    from captions group by all
)
select i.*, coalesce(t.attempts, 0) as attempts
from caption_inputs i
left join tried t on t.image_id = i.image_id and t.fingerprint = i.fingerprint and t.input_hash = i.input_hash
where t.final is not true
