-- What the rules on single images hold against their thresholds, for the histograms; images that can be decoded.
-- inputs: current_facts
select least(width, height) as side, greatest(width, height) / least(width, height) as aspect, sharpness, contrast
from current_facts where status = 'ok'
