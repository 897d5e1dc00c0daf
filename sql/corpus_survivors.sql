-- The images that pass every rule of their own and every rule about the corpus.
-- view
-- inputs: survivors, corpus_verdicts
select image_id from survivors anti join corpus_verdicts using (image_id)
