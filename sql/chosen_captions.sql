-- The caption that a release shows for each image: the preferred one of those that fail no rule, else of all. Images of
-- which all captions fail are rejected.
-- view
-- inputs: captions, candidate_captions, caption_failures
with best as (
    select distinct on (image_id) caption_id
    from candidate_captions
    order by image_id, caption_id in (select caption_id from caption_failures), position
)
select * from captions semi join best using (caption_id) where status = 'ok'
