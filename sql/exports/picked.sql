-- picked: one text per image, the one that a mix ranks first; fell_back says that it isn't what the mix wanted.
-- inputs: ranked
select image_id, text, kind, recipe, variant, model, caption_id, rank > 1 as fell_back
from ranked
where rank is not null
qualify row_number() over (partition by image_id order by rank, recipe, variant, n, caption_id) = 1
