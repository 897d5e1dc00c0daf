-- captions: every caption of the kept images, by whatever recipe and fingerprint, with the rules that it fails.
-- inputs: kept, captions, caption_failures
with failing as (
    select caption_id, list({'reason': reason, 'value': value, 'threshold': threshold} order by reason) as failures
    from caption_failures group by caption_id
)
select c.* exclude (created_at), if(c.status = 'ok', coalesce(f.failures, []), []) as failures
from captions c semi join kept using (image_id)
left join failing f on f.caption_id = c.caption_id
order by c.image_id, c.recipe, c.variant, c.fingerprint, c.input_hash, c.n, c.attempt
