-- The scores by one scorer of the captions that a release may show.
-- inputs: candidate_scores
-- params: scorer
select value from candidate_scores where scorer = $scorer
