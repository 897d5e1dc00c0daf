-- The pairs that count as duplicates.
-- inputs: judged_pairs
select image_id_a, image_id_b, method, distance from judged_pairs where relation = 'duplicate'
