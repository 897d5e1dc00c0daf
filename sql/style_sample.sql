-- Up to 2,000 captions of each recipe's variants, of those that a release may show.
-- inputs: candidate_captions, captions
-- Chosen before their texts are read.
with sample as (
    select recipe, variant, caption_id, image_id, n from candidate_captions
    qualify row_number() over (partition by recipe, variant order by image_id, n) <= 2000
)
select s.recipe, s.variant, c.caption
from sample s join captions c on c.caption_id = s.caption_id and c.status = 'ok'
order by s.recipe, s.variant, s.image_id, s.n
