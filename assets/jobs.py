"""The jobs of a build, in the order in which they run."""

import dagster as dg

discover = dg.define_asset_job(
    "discover", ["sources", "tag_vocabulary"], description="Register what is new in the sources as drops."
)
ingest = dg.define_asset_job(
    "ingest",
    ["occurrences", "image_facts", "tags", "text_regions"],
    description="Read one drop, then its decoded images again for their text.",
)
curate = dg.define_asset_job(
    "curate",
    ["image_verdicts", "duplicate_pairs", "duplicates", "tag_pairs", "image_texts", "corpus_verdicts"],
    description="Judge and deduplicate everything that has been read.",
)
caption = dg.define_asset_job(
    "caption",
    ["captions", "caption_scores", "caption_failures", "caption_verdicts"],
    description="Caption the survivors that need it, and judge their captions.",
)
publish = dg.define_asset_job("publish", ["release"], description="Write one version, check it and publish it.")

JOBS = [discover, ingest, curate, caption, publish]
