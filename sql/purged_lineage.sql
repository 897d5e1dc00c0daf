-- lineage of a release that is issued again without the images in `taken`: they are kept no more.
-- inputs: lineage, taken
select l.* replace (
    l.kept and t.image_id is null as kept,
    if(
        t.image_id is null, l.failures,
        list_concat([{'stage': 'takedown', 'reason': t.kind, 'value': null::double, 'threshold': null::double}], l.failures)
    ) as failures,
    if(
        t.image_id is null, l.verdicts,
        list_transform(l.verdicts, lambda v: {'stage': v.stage, 'verdict': if(v.stage = 'takedown', 'rejected', v.verdict)})
    ) as verdicts,
    coalesce(t.number, l.takedown) as takedown,
    coalesce(t.words, l.by_hand) as by_hand,
    if(t.image_id is null, l.caption_id, null) as caption_id,
    if(t.image_id is null, l.caption_model, null) as caption_model,
    if(t.image_id is null, l.caption_prompt_hash, null) as caption_prompt_hash,
    if(t.image_id is null, l.caption_fingerprint, null) as caption_fingerprint,
    if(t.image_id is null, l.caption_parent, null) as caption_parent
)
from lineage l left join taken t on t.image_id = l.image_id
order by l.image_id
