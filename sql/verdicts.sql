-- Every rule that any image fails.
-- view
-- inputs: image_verdicts, corpus_verdicts, caption_verdicts
from image_verdicts union all from corpus_verdicts union all from caption_verdicts
