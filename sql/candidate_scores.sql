-- Every score of the captions that a release may show: those that were measured against the present texts, and those that
-- queries work out. A further one, by embeddings say, is another part of this union and a rule in caption_rules.
-- view
-- inputs: candidate_captions, score_texts, caption_scores, near_captions
select s.caption_id, c.image_id, s.scorer, s.value
from caption_scores s
join candidate_captions c using (caption_id)
join score_texts t on t.image_id = c.image_id and t.input_hash = s.input_hash
union all
select caption_id, image_id, 'near_images', images from near_captions
