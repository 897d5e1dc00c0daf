"""One build from the command line: the jobs of the graph, run in this process in the order of a night."""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy.exc import OperationalError

from assets.partitions import VERSIONS
from dataset_build.config import Config
from dataset_build.definitions import build_defs
from dataset_build.errors import RunError, UserError
from dataset_build.locations import scratch
from dataset_build.release.reader import next_version, releases
from dataset_build.release.tags import newest
from resources.lake import Lake
from resources.releases import free_version, inputs_of, remember_twin, twin_of
from resources.storage import lock
from resources.upgrade import refuse_older

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LAKE = "dataset_build/lake"  # tag of the runs of a build
UNCAPTURED = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
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
    twin: str | None = None
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
    sources: Sequence[str | Path],
    version: str | None = None,
    watcher: Watcher | None = None,
    notes: str = "",
    instance: dg.DagsterInstance | None = None,
    **resources: Any,
) -> Outcome:
    """Read what is new under `sources` and all known ones, and release if anything changed.

    It is recorded in the lake's Dagster instance, or in the one given. Keyword arguments replace resources of
    `build_defs` by name, such as the engine.

    A drop that can't be read holds back no other; it is named in the outcome and in the manifest.
    """
    with lock(root / ".lock", "building"), nullcontext(instance) if instance else open_instance(root) as recorder:
        return _Build(root, config, watcher or Watcher(), recorder, resources).run(sources, version, notes)


def build_night(root: Path, config: Config, name: str, instance: dg.DagsterInstance) -> str:
    """Build what is known without anybody waiting; a second release of one night is called name.2. Says what it did."""
    taken, number, version = {manifest["version"] for manifest in releases(root)}, 2, name
    while version in taken:
        version, number = f"{name}.{number}", number + 1
    outcome = build(root, config, [], version, instance=instance)
    did = f"release {version} was made" if outcome.release else f"nothing has changed since release {outcome.latest}"
    failed = [f"drop {drop} failed: {why}" for drop, why in outcome.failed_drops.items()]
    return "; ".join([f"{len(outcome.new_drops)} new drops", *failed, did])


def create_release(
    root: Path, config: Config, version: str | None = None, notes: str = "", watcher: Watcher | None = None
) -> Outcome:
    """Judge and caption what has been read, and release it. Sources are not looked at."""
    with lock(root / ".lock", "making a release"), open_instance(root) as instance:
        return _Build(root, config, watcher or Watcher(), instance, {}).create(version, notes)


def second_opinion(root: Path, config: Config) -> None:
    """Let fastdup look for duplicates among the images that a build has read and judged; see `duplicates.fastdup`."""
    with lock(root / ".lock", "building"), open_instance(root) as instance:
        _Build(root, config, Watcher(), instance, {}).run_job("second_opinion")


def instance_of(root: Path) -> Path:
    """The folder of the Dagster instance: DAGSTER_HOME where it is set, else the lake's own, in scratch where
    the lake lies in a bucket; made ready for use."""
    home = Path(os.environ.get("DAGSTER_HOME") or scratch(root / "dagster"))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(INSTANCE_SETTINGS, "utf-8")
    return home


@contextmanager
def open_instance(root: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance that records the builds of a lake, and that its UI shows. What a build prints stays in the
    terminal: to keep it in files, too, takes four processes for each job. Raises BuildFailed when it can't write its
    records."""
    try:
        # Temporary only by its name: it is Dagster's public way to override settings of a folder.
        with dg.DagsterInstance.local_temp(str(instance_of(root)), {"compute_logs": UNCAPTURED}) as instance:
            yield instance
    except OperationalError as error:
        raise BuildFailed(f"the records of builds can't be written to {instance_of(root)}: {error.orig}") from error


class _Build:
    def __init__(
        self, root: Path, config: Config, watcher: Watcher, instance: dg.DagsterInstance, resources: dict[str, Any]
    ) -> None:
        self.root, self.watcher, self.instance, self.outcome = root, watcher, instance, Outcome()
        self.lake = Lake(root, config)
        progress = dg.ResourceDefinition.hardcoded_resource(watcher.progress)
        self.definitions = build_defs(root, config, **{"progress": progress} | resources)
        self._end_killed_runs()

    def run(self, sources: Sequence[str | Path], version: str | None, notes: str) -> Outcome:
        refuse_older(self.lake)
        version = self._version(version)
        for source in sources:
            self.lake.drops.add_source(source)
        if not self.lake.drops.sources():
            raise UserError(f"{self.root} knows no source yet; give --source a folder of images, or s3://bucket/prefix")
        self._discover()
        self._ingest()
        if self._changed():
            self._release(version, notes)
        last = newest(releases(self.root))
        self.outcome.latest = last["version"] if last else None
        return self.outcome

    def create(self, version: str | None, notes: str) -> Outcome:
        refuse_older(self.lake)
        version = self._version(version)
        if not self.lake.complete_drops():
            raise UserError(f"nothing has been read into {self.root} yet; run `dataset-build build --source DIR`")
        self._release(version, notes)
        return self.outcome

    def _release(self, version: str, notes: str) -> None:
        self.run_job("curate")
        self.run_job("caption")
        self._publish(version, notes)

    def _version(self, version: str | None) -> str:
        version = version or next_version({manifest["version"] for manifest in releases(self.root)})
        free_version(self.root, version)
        return version

    def _discover(self) -> None:
        before = {drop.name for drop in self.lake.drops.all()}
        self.run_job("discover")
        self.outcome.new_drops = [drop.name for drop in self.lake.drops.all() if drop.name not in before]

    def _ingest(self) -> None:
        complete = self.lake.complete_drops()
        for drop in self.lake.drops.active():
            if drop.name not in complete:
                try:
                    self.run_job("ingest", drop.name)
                except BuildFailed as error:
                    self.outcome.failed_drops[drop.name] = str(error)

    def _changed(self) -> bool:
        last, inputs = newest(releases(self.root)), inputs_of(self.lake)
        released = bool(last and last["inputs"] == inputs)
        twin = None if released else twin_of(self.root, inputs)
        if not (released or twin) or self.lake.count("missing_captions"):
            return True
        self.outcome.twin = twin
        return False

    def _publish(self, version: str, notes: str) -> None:
        self.instance.add_dynamic_partitions(str(VERSIONS.name), [version])
        result = self.run_job("publish", version, {"ops": {"release": {"config": {"notes": notes}}}})
        for event in result.get_asset_observation_events():
            self.outcome.twin = str(event.asset_observation_data.asset_observation.metadata["twin"].value)
            self.instance.delete_dynamic_partition(str(VERSIONS.name), version)
            remember_twin(self.lake, self.outcome.twin)
        self.outcome.release = next((m for m in releases(self.root) if m["version"] == version), None)

    def _end_killed_runs(self) -> None:
        """Say of earlier builds that were killed that they have ended, as nobody else builds now. They would hold the
        GPU's slot for ever."""
        unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
        for run in self.instance.get_runs(dg.RunsFilter(tags={LAKE: str(self.root)}, statuses=unfinished)):
            self.instance.report_run_failed(run, "its process was killed")
            self.instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)

    def run_job(
        self, name: str, partition: str | None = None, config: dict[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run one job to its end."""
        started = time.monotonic()
        self.watcher.stage(f"{name} {partition}" if partition else name)
        result = self.definitions.resolve_job_def(name).execute_in_process(
            instance=self.instance,
            partition_key=partition,
            run_config=QUIET | (config or {}),
            raise_on_error=False,
            tags={LAKE: str(self.root)},
        )
        self.outcome.seconds[name] = self.outcome.seconds.get(name, 0) + time.monotonic() - started
        if not result.success:
            raise _error(result, f"{name} {partition}" if partition else name)
        return result


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
