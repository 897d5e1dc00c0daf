-- What release.duckdb offers beside its tables. DuckDB 1.0 must understand it, so no lambdas and no newer syntax.

create view occurrences as
select image_id, drop, uri, member, source, true as kept from images
union all by name
select *, false as kept from rejects;
comment on view occurrences is 'Every place where an image was found: the one it is read from is kept, others were left out.';

create macro why(image) as table
select image_id, drop, uri, member, kept, stage, reason, detail, value, threshold, duplicate_of
from occurrences
where starts_with(image_id, lower(image)) or ends_with(uri, image) or ends_with(member, image)
order by kept desc, image_id, drop, uri, member;
comment on macro table why is 'why(image): what became of images, by the start of their id or the end of their file name.';

create macro funnel() as table
select stage, reason, count(*) as rejected
from rejects
group by stage, reason
order by
    list_position([
        'source', 'takedown', 'broken', 'override', 'content', 'size', 'aspect', 'blur', 'text', 'duplicate', 'corpus',
        'caption'
    ], stage),
    rejected desc, stage, reason;
comment on macro table funnel is 'funnel(): how many occurrences were left out, by stage and reason.';

create macro captions_of(image) as table
select
    c.image_id, c.caption_id = l.caption_id as chosen, c.caption, c.recipe, c.variant, c.n,
    c.status, c.model, c.model_revision, c.prompt_hash
from captions c join lineage l on l.image_id = c.image_id
where c.image_id in (select w.image_id from why(image) w)
order by c.image_id, chosen desc, c.recipe, c.variant, c.n, c.caption_id;
comment on macro table captions_of is 'captions_of(image): every caption of images, found as by why().';
