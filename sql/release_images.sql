-- images: one row per kept image, with its caption, its tags and its facts.
-- inputs: alignment_levels, kept, current_facts, current_text, image_texts, chosen_captions, homes
select
    f.image_id,
    c.caption,
    c.recipe as caption_recipe,
    c.model as caption_model,
    list_transform(t.tags, lambda x: x.tag) as tags,
    list_aggregate(list_transform(t.tags, lambda x: x.tag), 'string_agg', ' ') as tag_string,
    t.ratings[1] as rating,
    t.alt_texts[1] as alt_text,
    h.source, h.drop, h.uri, h.member, h.source_id,
    coalesce(h.source_url, t.source_urls[1]) as url,
    h.license,
    f.file_bytes, f.format, f.width, f.height, f.frames, f.mode, f.has_alpha, f.orientation, f.phash, f.pixel_hash,
    f.sharpness, f.brightness, f.contrast, f.entropy, f.greyscale, f.border,
    x.text_area,
    a.score as clip_score,
    a.level as alignment_level,
    len(t.merged_from) - 1 as duplicates
from kept k
join current_facts f on f.image_id = k.image_id
left join current_text x on x.image_id = k.image_id
left join alignment_levels a on a.image_id = k.image_id
join image_texts t on t.image_id = k.image_id
join chosen_captions c on c.image_id = k.image_id
join homes h on h.image_id = k.image_id
order by f.image_id
