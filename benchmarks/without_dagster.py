"""A night as plain calls, in the order of the jobs: what is left of its time is Dagster's."""

from dataset_build.config import load_config
from dataset_build.release.reader import releases
from dataset_build.release.tags import newest
from resources.caption_scores import update_scores
from resources.captions import update_captions
from resources.dedup import update_duplicates, update_pairs
from resources.drops import Drop
from resources.engine import Engine, LocalEngine
from resources.ingest import ingest_drop
from resources.lake import Lake, environment_lake
from resources.releases import inputs_of, publish, stage
from resources.tags import tag_drop, update_texts


def main() -> None:
    """Bring the lake that the environment names up to date."""
    config = load_config()
    lake, engine = Lake(environment_lake(), config), LocalEngine(config.engine.workers)
    for source in lake.drops.sources():
        lake.drops.discover(source, config.arrival)
    complete = lake.complete_drops()
    for drop in lake.drops.active():
        if drop.name not in complete:
            read(lake, engine, drop)
    last = newest(releases(lake.root))
    if lake.count("missing_captions") or not last or last["inputs"] != inputs_of(lake):
        release(lake)


def read(lake: Lake, engine: Engine, drop: Drop) -> None:
    """The job `ingest`."""
    ingest_drop(lake, engine, drop, lambda done, total: None)
    tag_drop(lake, drop.name)


def release(lake: Lake) -> None:
    """The jobs `curate`, `caption` and `publish`."""
    update_pairs(lake)
    lake.derive("image_verdicts")
    update_duplicates(lake)
    lake.derive("tag_pairs")
    update_texts(lake)
    lake.derive("corpus_verdicts")
    update_captions(lake, lambda tally: None, lambda line: None)
    update_scores(lake)
    lake.derive("caption_failures")
    lake.derive("caption_verdicts")
    publish(stage(lake, str(len(releases(lake.root)) + 1)))


if __name__ == "__main__":
    main()
