"""The jobs of a build, in the order in which they run."""

import dagster as dg

discover = dg.define_asset_job(
    "discover",
    ["sources", "tag_vocabulary", "takedowns", "overrides"],
    description="Register what is new in the sources as drops.",
)
ingest = dg.define_asset_job(
    "ingest",
    ["occurrences", "image_facts", "tags", "text_regions", "image_embeddings"],
    description="Read one drop, then its decoded images again for their text and their embeddings.",
)
curate = dg.define_asset_job(
    "curate",
    [
        "image_verdicts",
        "duplicate_pairs",
        "embedding_pairs",
        "duplicates",
        "tag_pairs",
        "image_texts",
        "text_embeddings",
        "image_clusters",
        "corpus_verdicts",
    ],
    description="Judge and deduplicate everything that has been read.",
)
caption = dg.define_asset_job(
    "caption",
    ["captions", "caption_scores", "caption_failures", "caption_verdicts"],
    description="Caption the survivors that need it, and judge their captions.",
)
publish = dg.define_asset_job("publish", ["release"], description="Write one version, check it and publish it.")

second_opinion = dg.define_asset_job(
    "second_opinion", ["fastdup_pairs"], description="Let fastdup look for duplicates, where it is allowed."
)

JOBS = [discover, ingest, curate, caption, publish, second_opinion]
