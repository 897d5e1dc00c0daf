"""Writing an export: shard after shard, each whole or absent, then what spans them, and last of all export.json."""

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dataset_build.exports import files
from dataset_build.exports.credits import CREDITS, write_credits
from dataset_build.exports.errors import ExportError
from dataset_build.exports.formats import Format, Job, Shard
from dataset_build.exports.plan import MANIFEST, PLAN, STATE, Plan, Wish, check, plan_of, read_json
from dataset_build.exports.samples import Images, Missing, Row, Sample
from dataset_build.exports.select import Selection
from dataset_build.mixes import load_mix
from dataset_build.release.reader import Release

SKIPPED = "skipped.csv"
IMAGE_ID = re.compile("[0-9a-f]{64}")

Progress = Callable[[int, int], None]
Text = tuple[str, str | None, bool]  # kind, recipe, whether the mix fell back on it
Found = bytes | str | None | Missing


def export(
    release: Release,
    name: str,
    form: Format,
    out: Path,
    images: Images,
    wish: Wish,
    resume: bool = False,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Write a release into the folder `out` in the format `form`, called `name`; returns what export.json holds.

    Rows that the mix has no text for, whose image can't be had or is taken down, are left out and listed in
    skipped.csv. What is finished stays when it is interrupted. Raises ExportError or BadMix when the wish can't be met.
    """
    taken_down = images.taken_down(release.version)
    plan = plan_of(release, name, form, wish, taken_down)
    if (finished := check(out, plan, resume)) is not None:
        return finished
    selection = Selection(release, load_mix(plan["mix"]), plan["parameters"], plan["where"], plan["limit"])
    files.write_json(out / STATE / PLAN, plan)
    run = Run(selection, form, out, images, taken_down, plan, progress)
    return run.finish([run.shard(number) for number in range(run.shards)])


class Run:
    """One export under way."""

    def __init__(
        self,
        selection: Selection,
        form: Format,
        out: Path,
        images: Images,
        taken_down: Mapping[str, str],
        plan: Plan,
        progress: Progress,
    ) -> None:
        self.selection, self.form, self.out, self.images, self.plan = selection, form, out, images, plan
        self.taken_down = taken_down
        self.total, self.progress = len(selection), progress
        self.size: int = plan["shard_rows"]
        self.shards = math.ceil(self.total / self.size)

    def shard(self, number: int) -> Shard:
        """Write a shard, unless that was done before and it is still there."""
        record, name = self.out / STATE / f"{number:05d}.json", self.form.shard(number, self.shards)
        done = read_json(record)
        if done and files.size(self.out / name) == (done["written"] or {"bytes": 0})["bytes"]:
            return Shard(**done)
        skipped: dict[str, Missing] = {}
        texts: Counter[Text] = Counter()
        written = self._write(self.out / name, self._samples(number, skipped, texts))
        shard = Shard(name, texts.total(), skipped, written, _tally(texts))
        files.write_json(record, asdict(shard))
        return shard

    def _places(self, number: int) -> range:
        return range(number * self.size, min((number + 1) * self.size, self.total))

    def _write(self, path: Path, samples: Iterator[Sample]) -> dict[str, Any] | None:
        """What was written; null when the format has nothing to write."""
        with files.publishing(path) as temporary:
            self.form.write(temporary, samples)
            return files.describe(temporary) if temporary.exists() else None

    def _samples(self, number: int, skipped: dict[str, Missing], texts: Counter[Text]) -> Iterator[Sample]:
        """The samples of a shard, read lazily; why other rows are none goes to `skipped`, what is said to `texts`."""
        for every in self.selection.runs(self._places(number)):
            skipped |= {row["image_id"]: problem for row in every if (problem := self._unfit(row))}
            fit = [row for row in every if row["image_id"] not in skipped]
            for row, found in zip(fit, self._find(fit), strict=True):
                self.progress(row["place"] + 1, self.total)
                if isinstance(found, Missing):
                    skipped[row["image_id"]] = found
                else:
                    texts[row["kind"], row["recipe"], row["fell_back"]] += 1
                    yield self._sample(number, row, found)

    def _unfit(self, row: Row) -> Missing | None:
        if not IMAGE_ID.fullmatch(row["image_id"]):
            return Missing("bad_id", "no sha256 in hex, and files are named after it")
        if row["image_id"] in self.taken_down:
            return Missing("taken_down", self.taken_down[row["image_id"]])
        if row["text"] is None:
            return Missing("no_text", f"the mix {self.plan['mix']} has no text for it")
        if self.form.pictures is not None and row["format"] not in self.form.pictures:
            return Missing("unsupported_format", f"the readers of {self.plan['format']} don't open {row['format']}")
        return None

    def _find(self, fit: list[Row]) -> Iterator[Found]:
        """The image of each row: its bytes, or where it lies, or nothing where nothing is needed."""
        if self.plan["images"] != "reference":
            return map(_verified, fit, self.images.read(fit))
        return (self.images.path(row) if self.form.local else None for row in fit)

    def _sample(self, number: int, row: Row, found: bytes | str | None) -> Sample:
        if self.plan["images"] == "copy":
            path = f"{self.form.shard(number, self.shards)}/{Sample(row).file}"
            return Sample(row, found if isinstance(found, bytes) else None, path)
        return Sample(row, found) if isinstance(found, bytes) else Sample(row, None, found)

    def _again(self, shards: list[Shard]) -> Iterator[Sample]:
        """Every sample that is in the shards, without bytes."""
        for number, shard in enumerate(shards):
            for every in self.selection.runs(self._places(number)):
                fit = [row for row in every if row["image_id"] not in shard.skipped]
                found = self._find(fit) if self.plan["images"] == "reference" else (None for _ in fit)
                for row, each in zip(fit, found, strict=True):
                    if isinstance(each, Missing):
                        raise ExportError(f"{row['image_id']} can't be found any more: {each.detail}; export again")
                    yield self._sample(number, row, each)

    def finish(self, shards: list[Shard]) -> dict[str, Any]:
        """Write what spans the shards, then the manifest; the notes for resuming go."""
        root = self.plan["root"] or str(self.out.resolve())
        job = Job(self.out, root, self.plan["release"], shards, lambda: self._again(shards))
        names = self.form.finish(job) if self.form.finish else []
        if self.form.credits:
            write_credits(self.out / CREDITS, job.samples())
            names = [*names, CREDITS]
        if left_out := [(image_id, *why) for shard in shards for image_id, why in shard.skipped.items()]:
            files.write_text(self.out / SKIPPED, _csv([("image_id", "reason", "detail"), *left_out]))
            names = [*names, SKIPPED]
        manifest = {
            "plan": self.plan,
            "rows": sum(shard.rows for shard in shards),
            "skipped": dict(sorted(Counter(reason for _, reason, _ in left_out).items())),
            "texts": _sum(shards),
            "files": {shard.name: shard.written for shard in shards if shard.written}
            | {name: files.describe(self.out / name) for name in names},
        }
        files.write_json(self.out / MANIFEST, manifest)
        files.remove(self.out / STATE)
        return manifest


def _verified(row: Row, found: bytes | Missing) -> bytes | Missing:
    """What was read, if it still is the image of the release."""
    if isinstance(found, bytes) and hashlib.sha256(found).hexdigest() != row["image_id"]:
        return Missing("changed", "the file has other bytes than when the release was made")
    return found


def _tally(texts: Counter[Text]) -> list[Row]:
    """How many rows were given each kind of text, and how many of these are not what the mix wanted."""
    kinds = sorted({(kind, recipe) for kind, recipe, _ in texts}, key=str)
    return [
        {"kind": k, "recipe": r, "rows": texts[k, r, False] + texts[k, r, True], "fell_back": texts[k, r, True]}
        for k, r in kinds
    ]


def _sum(shards: list[Shard]) -> list[Row]:
    texts: Counter[Text] = Counter()
    for row in (row for shard in shards for row in shard.texts):
        texts[row["kind"], row["recipe"], True] += row["fell_back"]
        texts[row["kind"], row["recipe"], False] += row["rows"] - row["fell_back"]
    return _tally(texts)


def _csv(lines: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
