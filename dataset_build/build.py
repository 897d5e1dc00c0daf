"""One build from the command line: the jobs of the graph, run in this process in the order of a night."""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from assets.partitions import VERSIONS
from dataset_build.config import Config
from dataset_build.definitions import build_defs
from dataset_build.errors import RunError, UserError
from dataset_build.release.reader import check_version, releases
from resources.lake import Lake
from resources.releases import ReleaseExists, inputs_of
from resources.storage import lock, read_json, write_json

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
INTERRUPTED = ("KeyboardInterrupt", "DagsterExecutionInterruptedError")
INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: op
"""


class BuildFailed(RunError):
    """A job of the build failed; the message says which and why. What was written before stays."""


@dataclass
class Outcome:
    """What a build did."""

    new_drops: list[str] = field(default_factory=list)
    failed_drops: dict[str, str] = field(default_factory=dict)
    release: dict[str, Any] | None = None
    latest: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Watcher:
    """How a build tells what it is doing: `stage(name)` when a job starts, `progress(done, total)` inside it."""

    stage: Callable[[str], None] = lambda name: None
    progress: Callable[[int, int], None] = lambda done, total: None


def build(
    root: Path,
    config: Config,
    sources: Sequence[Path],
    version: str | None = None,
    watcher: Watcher | None = None,
    **resources: Any,
) -> Outcome:
    """Read what is new under `sources` and all known ones, and release if anything changed.

    Keyword arguments replace resources of `build_defs` by name, such as the engine.

    A drop that can't be read holds back no other; it is named in the outcome and in the manifest.
    """
    with lock(root / ".lock", "building"):
        return _Build(root, config, watcher or Watcher(), resources).run(sources, version)


def instance_of(root: Path) -> Path:
    """The folder of the Dagster instance: DAGSTER_HOME where it is set, else the lake's own, made ready for use."""
    home = Path(os.environ.get("DAGSTER_HOME") or root / "dagster")
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(INSTANCE_SETTINGS, "utf-8")
    return home


def open_instance(root: Path) -> dg.DagsterInstance:
    """The Dagster instance that records the builds of a lake, and that its UI shows."""
    return dg.DagsterInstance.from_config(str(instance_of(root)))


class _Build:
    def __init__(self, root: Path, config: Config, watcher: Watcher, resources: dict[str, Any]) -> None:
        self.root, self.watcher, self.outcome = root, watcher, Outcome()
        self.lake = Lake(root, config)
        progress = dg.ResourceDefinition.hardcoded_resource(watcher.progress)
        self.definitions = build_defs(root, config, **{"progress": progress} | resources)

    def run(self, sources: Sequence[Path], version: str | None) -> Outcome:
        version = self._version(version)
        for source in sources:
            self.lake.drops.add_source(source)
        if not self.lake.drops.sources():
            raise UserError(f"{self.root} knows no source yet; give --source a folder of images")
        with open_instance(self.root) as instance:
            self.instance = instance
            self._discover()
            self._ingest()
            if self._changed():
                self._job("curate")
                self._job("caption")
                self._publish(version)
        self.outcome.latest = next((manifest["version"] for manifest in reversed(releases(self.root))), None)
        return self.outcome

    def _version(self, version: str | None) -> str:
        taken = {manifest["version"] for manifest in releases(self.root)}
        if version is None:
            number = len(taken) + 1
            while str(number) in taken:
                number += 1
            return str(number)
        check_version(version)
        if version in taken:
            raise ReleaseExists(f"release {version!r} exists and never changes; choose another --release")
        return version

    def _discover(self) -> None:
        before = {drop.name for drop in self.lake.drops.all()}
        self._job("discover")
        self.outcome.new_drops = [drop.name for drop in self.lake.drops.all() if drop.name not in before]

    def _ingest(self) -> None:
        complete = self.lake.complete_drops()
        for drop in self.lake.drops.active():
            if drop.name not in complete:
                try:
                    self._job("ingest", drop.name)
                except BuildFailed as error:
                    self.outcome.failed_drops[drop.name] = str(error)

    def _changed(self) -> bool:
        known = [manifest["inputs"] for manifest in releases(self.root)[-1:]]
        unchanged = inputs_of(self.lake) in [*known, read_json(self._unchanged)]
        return not unchanged or self.lake.count("missing_captions") > 0

    def _publish(self, version: str) -> None:
        self.instance.add_dynamic_partitions(str(VERSIONS.name), [version])
        self._job("publish", version)
        latest = releases(self.root)[-1:]
        if latest and latest[0]["version"] == version:
            self.outcome.release = latest[0]
        else:
            self.instance.delete_dynamic_partition(str(VERSIONS.name), version)
            write_json(self._unchanged, inputs_of(self.lake))

    @property
    def _unchanged(self) -> Path:
        """Remembers inputs that gave the content of an earlier release."""
        return self.root / "releases" / "unchanged.json"

    def _job(self, name: str, partition: str | None = None) -> None:
        started = time.monotonic()
        self.watcher.stage(f"{name} {partition}" if partition else name)
        result = self.definitions.resolve_job_def(name).execute_in_process(
            instance=self.instance, partition_key=partition, run_config=QUIET, raise_on_error=False
        )
        self.outcome.seconds[name] = self.outcome.seconds.get(name, 0) + time.monotonic() - started
        if not result.success:
            raise _error(result, f"{name} {partition}" if partition else name)


def _error(result: dg.ExecuteInProcessResult, job: str) -> BaseException:
    """What made a job fail, as the innermost error of what failed first; a worker's traceback is not one."""
    for event in result.all_events:
        if event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
            while error and error.cause and error.cause.cls_name != "RemoteTraceback":
                error = error.cause
            if error and error.cls_name in INTERRUPTED:
                return KeyboardInterrupt()
            return BuildFailed(f"{job}: {_without_module(error.message) if error else event.message}")
    return BuildFailed(f"{job}: no reason was given")


def _without_module(message: str) -> str:
    """ "a.b.Problem: text" as "Problem: text"."""
    return re.sub(r"^(\w+\.)+(?=\w+: )", "", message.strip())
