-- datacomp_basic: the basic filter of DataComp. An image's best alt text counts; where none will do, the longest is told.
-- inputs: judged_texts, judged_sizes
-- params: min_words, min_characters, min_side, max_aspect
with judged as (
    select
        image_id, alt_text, len(words) as words, length(alt_text) as characters,
        len(words) < $min_words as few, length(alt_text) < $min_characters as short
    from judged_texts
),
failing as (
    select image_id, unnest(arg_max(judged, (characters, alt_text)))
    from judged group by image_id having bool_and(few or short)
)
select image_id, 'datacomp_too_few_words' as reason, words::double as value, $min_words::double as threshold
from failing where few
union all
select image_id, 'datacomp_too_few_characters', characters, $min_characters from failing where short
union all
select image_id, 'datacomp_too_small', side, $min_side from judged_sizes where side < $min_side
union all
select image_id, 'datacomp_too_elongated', aspect, $max_aspect from judged_sizes where $max_aspect > 0 and aspect > $max_aspect
