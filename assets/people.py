"""What people say about images: by the command line, not by a run."""

import time
from collections.abc import Iterator

import dagster as dg

from assets.report import report
from resources.lake import Lake

TABLES = ("takedowns", "overrides")


@dg.multi_asset(specs=[dg.AssetSpec(name, kinds={"parquet"}) for name in TABLES], group_name="people")
def words_of_people(lake: dg.ResourceParam[Lake]) -> Iterator[dg.MaterializeResult]:
    """Note what has been said by now."""
    started = time.monotonic()
    for name in TABLES:
        yield report(lake.piece(name), started)
