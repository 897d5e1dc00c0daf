-- picked: one text per image, the one that a mix ranks first; fell_back says that it isn't what the mix wanted.
-- inputs: ranked
select distinct on (image_id)
    image_id, text, kind, recipe, variant, model, caption_id, rank > 1 as fell_back
from ranked
where rank is not null
order by image_id, rank, recipe, variant, n, caption_id
