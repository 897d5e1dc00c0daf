-- realsyn_text: RealSyn's filters. An image's best alt text counts; where none will do, the longest is told.
-- inputs: judged_texts, judged_sizes
-- params: min_side, max_aspect, min_words, max_words, min_entropy
with judged as (
    select
        image_id, alt_text, len(words) as words, coalesce(list_entropy(words), 0) as entropy,
        regexp_matches(alt_text, '[\x{1F000}-\x{1FAFF}\x{2600}-\x{27BF}\x{2B50}\x{2B55}\x{FE0F}]') as emoji,
        regexp_matches(alt_text, '(?i)(https?://|www\.)\S') as url,
        len(words) < $min_words as few, len(words) > $max_words as many
    from judged_texts
),
failing as (
    select image_id, unnest(arg_max(judged, (length(alt_text), alt_text)))
    from judged group by image_id having bool_and(emoji or url or few or many or entropy < $min_entropy)
)
select image_id, 'realsyn_emoji' as reason, null::double as value, null::double as threshold from failing where emoji
union all
select image_id, 'realsyn_url', null, null from failing where url
union all
select image_id, 'realsyn_too_few_words', words, $min_words from failing where few
union all
select image_id, 'realsyn_too_many_words', words, $max_words from failing where many
union all
select image_id, 'realsyn_low_entropy', entropy, $min_entropy from failing where entropy < $min_entropy
union all
select image_id, 'realsyn_too_small', side, $min_side from judged_sizes where side < $min_side
union all
select image_id, 'realsyn_too_elongated', aspect, $max_aspect from judged_sizes where aspect > $max_aspect
