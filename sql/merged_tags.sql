-- The tags that each surviving image is left with, merged from its members: first those that others imply go, then
-- general tags that end a longer one word by word. Each step keeps what nothing covers, so a second time changes nothing.
-- view
-- inputs: members, tags, tag_vocabulary
-- params: implied, overlaps
with merged as materialized (
    select
        m.image_id, t.tag, min(t.rank) as rank,
        coalesce(min(t.category) filter (t.category <> 'general'), 'general') as category,
        ['given', 'alias', 'renamed', 'implied'][
            min(case t.origin when 'given' then 1 when 'alias' then 2 when 'renamed' then 3 else 4 end)
        ] as origin
    from members m join tags t on t.image_id = m.member
    group by m.image_id, t.tag
),
implications as (select tag, unnest(implied) as implied from tag_vocabulary where spelling = tag),
said as materialized (
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
    from endings e
    semi join words w on w.tag = e.ending
    anti join (from implications where $implied = 'add') i on i.tag = e.tag and i.implied = e.ending
    where $overlaps = 'drop' and regexp_matches(e.ending, '[\p{L}\p{N}]{2}')
)
select s.image_id, s.tag, s.category, s.origin, s.rank
from said s anti join (
    select s.image_id, s.category, o.ending as tag from said s join covers o on o.tag = s.tag where s.category = 'general'
) c on c.image_id = s.image_id and c.tag = s.tag and c.category = s.category
