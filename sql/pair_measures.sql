-- What look-alikes are held against, for the histograms: bits that differ, and beyond the radius how alike they look.
-- inputs: duplicate_pairs
-- params: radius
select distance, if(distance > $radius, correlation, null) as correlation
from duplicate_pairs where method <> 'pixels'
