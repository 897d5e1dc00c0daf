"""Runs in fastdup's own environment, through Dagster Pipes: finds pairs of images that look alike by its model.

It imports nothing of this project. fastdup has `SENTRY_OPT_OUT`, a home of its own and no route to the network from
`resources.fastdup`, which starts it.
"""

import csv
import os
import sys
from pathlib import Path

from dagster_pipes import PipesContext, open_dagster_pipes

LARGEST_FIELD = 10_000  # characters; fastdup writes paths of files


def main() -> None:
    """Read the images named in `images`, and write pairs to `pairs`: image_id_a, image_id_b, similarity."""
    with open_dagster_pipes() as pipes:
        with Path(pipes.get_extra("log")).open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        found = search(pipes)
        pipes.report_custom_message(found)


def search(pipes: PipesContext) -> dict[str, object]:
    """Run fastdup, and write its pairs with the ids, which are the stems of the files' names."""
    import fastdup

    work, pairs = Path(pipes.get_extra("work")), Path(pipes.get_extra("pairs"))
    failed = fastdup.run(
        input_dir=pipes.get_extra("images"),
        work_dir=str(work),
        num_threads=pipes.get_extra("threads"),
        threshold=pipes.get_extra("similarity"),
        nearest_neighbors_k=pipes.get_extra("neighbours"),
    )
    if failed:
        sys.exit(f"fastdup returned {failed}")
    count = 0
    with pairs.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("image_id_a", "image_id_b", "similarity"))
        for row in rows(work / "similarity.csv"):
            writer.writerow((Path(row["from"]).stem, Path(row["to"]).stem, row["distance"]))
            count += 1
    unread = sum(1 for _ in rows(work / "atrain_features.bad.csv"))
    return {"version": fastdup.__version__, "pairs": count, "unread": unread}


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; none where fastdup wrote none."""
    if not path.exists():
        return []
    csv.field_size_limit(LARGEST_FIELD)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
