-- Up to 2,000 captions of each recipe's variants, of those that a release may show.
-- inputs: candidate_captions, captions
select k.recipe, k.variant, c.caption
from candidate_captions k join captions c on c.caption_id = k.caption_id and c.status = 'ok'
qualify row_number() over (partition by k.recipe, k.variant order by k.image_id, k.n) <= 2000
order by k.recipe, k.variant, k.image_id, k.n
