-- What each pair of look-alikes is: a duplicate, a variant (recoloured or locally redrawn), or unlike after all.
-- view
-- inputs: duplicate_pairs
-- params: radius, confirm, variants, recoloured, redrawn
select
    *,
    case
        when method = 'pixels' then 'duplicate'
        when distance > $radius and coalesce(correlation, 0) < $confirm then 'unlike'
        when $variants = 'merge' then 'duplicate'
        when $recoloured > 0 and recoloured > $recoloured then 'variant'
        when $redrawn > 0 and redrawn > $redrawn then 'variant'
        else 'duplicate'
    end as relation
from duplicate_pairs
