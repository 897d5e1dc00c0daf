-- The tags that each surviving image is left with, merged from its members: first those that others imply go, then
-- general tags that end a longer one word by word. Each step keeps what nothing covers, so a second time changes nothing.
-- view
-- inputs: members, tags, tag_vocabulary
-- params: implied, overlaps
with merged as (
    select
        m.image_id, t.tag, min(t.rank) as rank, min_by(t.category, (t.category = 'general', t.rank, t.category)) as category,
        min_by(t.origin, list_position(['given', 'alias', 'renamed', 'implied'], t.origin)) as origin
    from members m join tags t on t.image_id = m.member
    group by m.image_id, t.tag
),
implications as (select tag, unnest(implied) as implied from tag_vocabulary where spelling = tag),
said as (
    select m.* from merged m anti join (
        select m.image_id, i.implied as tag from merged m join implications i on i.tag = m.tag where $implied = 'drop'
    ) c on c.image_id = m.image_id and c.tag = m.tag
),
words as (select distinct tag, string_split(tag, '_') as parts from said where category = 'general'),
endings as (
    select tag, unnest(list_transform(range(2, len(parts) + 1), lambda i: array_to_string(parts[i:], '_'))) as ending
    from words where parts[1] not in ('no', 'not', 'non', 'without', 'covered')
),
covers as (
    select e.tag, e.ending
    from endings e semi join words w on w.tag = e.ending
    where $overlaps = 'drop' and regexp_matches(e.ending, '[\p{L}\p{N}]{2}')
        and not ($implied = 'add' and (e.tag, e.ending) in (from implications))
)
select s.image_id, s.tag, s.category, s.origin, s.rank
from said s anti join (
    select s.image_id, o.ending as tag from said s join covers o on o.tag = s.tag where s.category = 'general'
) c on c.image_id = s.image_id and c.tag = s.tag and s.category = 'general'
