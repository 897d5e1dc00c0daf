-- align_alt_text: the frequency filters of ALIGN. An image's best alt text counts; where none will do, the longest is told.
-- inputs: judged_texts, judged_sizes, image_texts, current_occurrences
-- params: min_side, max_aspect, max_texts, max_sharing, min_words, max_words, vocabulary
with found as (
    select alt_text, regexp_extract_all(lower(alt_text), '[^\s\p{Z}]+') as words, image_id
    from current_occurrences where alt_text is not null and image_id is not null
),
sharing as (
    select alt_text, count(distinct image_id) as images from found group by alt_text having images > $max_sharing
),
-- There are fewer than two per word, so a lake of fewer words has no rare ones, and is spared the counting.
grams as (
    select alt_text, unnest(words || list_transform(range(1, len(words)), lambda i: words[i] || ' ' || words[i + 1])) as gram
    from found where $vocabulary > 0 and (select 2 * sum(len(words)) from found) > $vocabulary
),
ranks as (
    select gram, row_number() over (order by count(*) desc, gram) as place from grams group by gram
    qualify place > $vocabulary
),
rare as (select alt_text, max(place) as place from grams join ranks using (gram) group by alt_text),
judged as (
    select
        t.image_id, t.alt_text, len(t.words) as words, s.images, r.place,
        len(t.words) < $min_words as few, len(t.words) > $max_words as many
    from judged_texts t
    left join sharing s on s.alt_text = t.alt_text
    left join rare r on r.alt_text = t.alt_text
),
failing as (
    select image_id, unnest(arg_max(judged, (length(alt_text), alt_text)))
    from judged group by image_id having bool_and(few or many or images is not null or place is not null)
)
select image_id, 'align_too_few_words' as reason, words::double as value, $min_words::double as threshold
from failing where few
union all
select image_id, 'align_too_many_words', words, $max_words from failing where many
union all
select image_id, 'align_shared_text', images, $max_sharing from failing where images is not null
union all
select image_id, 'align_rare_words', place, $vocabulary from failing where place is not null
union all
select image_id, 'align_too_many_texts', len(alt_texts), $max_texts from image_texts where len(alt_texts) > $max_texts
union all
select image_id, 'align_too_small', side, $min_side from judged_sizes where side <= $min_side
union all
select image_id, 'align_too_elongated', aspect, $max_aspect from judged_sizes where aspect >= $max_aspect
