-- What the rules on single images hold against their thresholds, for the histograms; images that can be decoded.
-- inputs: current_facts, current_text
select
    least(f.width, f.height) as side, greatest(f.width, f.height) / least(f.width, f.height) as aspect,
    f.sharpness, f.contrast, t.text_area
from current_facts f left join current_text t on t.image_id = f.image_id and t.status = 'ok'
where f.status = 'ok'
