-- Each alt text of each image that is left after duplicates, and its words; one empty text where there is none to judge.
-- view
-- inputs: image_texts
-- params: without_alt_text
with texts as (
    select image_id, unnest(if(len(alt_texts) = 0 and $without_alt_text = 'reject', [''], alt_texts)) as alt_text
    from image_texts
)
select image_id, alt_text, regexp_extract_all(alt_text, '[^\s\p{Z}]+') as words from texts
