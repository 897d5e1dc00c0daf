-- The caption that a release shows for each image: the preferred one of those that fail no rule, else of all. Images of
-- which all captions fail are rejected.
-- view
-- inputs: captions, candidate_captions, caption_failures
-- A window can spill to disk, which `distinct on` can't.
with best as (
    select caption_id
    from candidate_captions
    qualify row_number() over (
        partition by image_id order by caption_id in (select caption_id from caption_failures), position
    ) = 1
)
select * from captions semi join best using (caption_id) where status = 'ok'
