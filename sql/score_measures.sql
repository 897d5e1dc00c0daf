-- The scores by some scorers of the captions that a release may show.
-- inputs: candidate_scores
-- params: scorers
select scorer, value from candidate_scores where scorer in (select unnest($scorers))
