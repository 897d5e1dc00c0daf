-- What mixes are written with. DuckDB 1.0 must understand it.

-- A number from 0 to 1 for an image, evenly spread, the same wherever and whenever it is drawn.
create or replace macro draw(image, seed) as
    (md5_number_upper('mix:' || seed || ':' || image) >> 11)::double / (1::bigint << 53);

-- CLIP's tokens, start and end included, estimated: a word is a token per six letters begun, a digit is one, signs in a
-- row are one, and a letter that isn't ASCII is two.
create or replace macro clip_tokens(text) as 2 + length(regexp_replace(regexp_replace(
    regexp_replace(text, '[^\x00-\x7F]', ' 0 0 ', 'g'),
    '[a-zA-Z]{1,6}|[0-9]|[!-/:-@\[-`{-~]+', '~', 'g'), '[\s\x00-\x1F\x7F]+', '', 'g'));

-- The sentences of a text: they end with a mark before white space, a CJK mark, or the line. Titles and initials end none.
create or replace macro sentences(text) as string_split(replace(trim(regexp_replace(
    regexp_replace(trim(text), '\b(Mr|Mrs|Ms|Dr|St|Prof|No|vs|cf|e\.g|i\.e|[A-Z])\.[ \t]+', '\1.' || chr(31), 'g'),
    '([.!?…]["”’'')\]]*)\s+|([。！？][”’」』）]*)\s*|\s*\n\s*', '\1\2' || chr(30), 'g'),
    chr(30)), chr(31), ' '), chr(30));
