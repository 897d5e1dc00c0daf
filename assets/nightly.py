"""The unattended build: a schedule, a look for new drops, and word of what failed. All are off until switched on."""

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from assets.jobs import ingest
from assets.sources import register
from dataset_build.config import Config, Nightly
from dataset_build.errors import RunError
from resources.lake import Lake
from resources.notify import Notifier

CURATED = dg.AssetSelection.groups("images", "dedup", "corpus") - dg.AssetSelection.assets("fastdup_pairs")
_NEWS = dg.AutomationCondition.any_deps_match(
    dg.AutomationCondition.data_version_changed() | dg.AutomationCondition.will_be_requested()
)
# A missing drop counts for nothing here: one that failed holds back no other.
CURRENT = (
    (_NEWS | dg.AutomationCondition.code_version_changed()).since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("its inputs have other rows, or it is made otherwise")
Build = Callable[[dg.DagsterInstance, str], str]  # records in the instance, names the release; says what it did


def nightly(build: Build, config: Config) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job that brings everything up to date in one run, whose jobs are recorded as runs of their own."""

    @dg.op(pool="build", description="Read what is new, do again what failed or is stale, release if anything changed.")
    def bring_up_to_date(context: dg.OpExecutionContext) -> None:
        today = datetime.now(ZoneInfo(config.nightly.timezone))
        context.log.info(build(context.instance, f"{today:%Y.%m.%d}"))

    @dg.job(name="nightly", executor_def=dg.in_process_executor, description="Bring everything up to date, in one run.")
    def job() -> None:
        bring_up_to_date()

    schedule = dg.ScheduleDefinition(
        name="nightly", job=job, cron_schedule=config.nightly.cron, execution_timezone=config.nightly.timezone
    )
    return job, schedule


def new_drops(lake: Callable[[], Lake], config: Nightly) -> dg.SensorDefinition:
    """Looks into the sources and asks for a run for each drop that isn't read yet."""

    @dg.sensor(name="new_drops", job=ingest, minimum_interval_seconds=config.look)
    def sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        """Registers what has arrived whole and asks once for its run; what fails is left to the nightly build."""
        held = lake()
        register(held, context.instance)
        complete = held.complete_drops()
        waiting = [drop.name for drop in held.drops.active() if drop.name not in complete]
        for drop in waiting:
            yield dg.RunRequest(run_key=drop, partition_key=drop)
        if not waiting:
            yield dg.SkipReason("every drop is read")

    return sensor


def curation(config: Nightly) -> dg.AutomationConditionSensorDefinition:
    """Judges and deduplicates anew what has other inputs or other settings; captions and releases are the night's."""
    return dg.AutomationConditionSensorDefinition(
        "curation", target=CURATED, minimum_interval_seconds=config.look, description=curation.__doc__
    )


def failures(tell: Notifier) -> dg.SensorDefinition:
    """Tells of runs that failed, those included that a build made in its own process and that belong to no location."""

    @dg.run_failure_sensor(name="failures", monitor_all_code_locations=True)
    def sensor(context: dg.RunFailureSensorContext) -> None:
        """Sends the job, the run and the first reason."""
        run, partition = context.dagster_run, context.partition_key
        failed = [event.event_specific_data.error for event in context.get_step_failure_events()]
        reason = next((_cause(error) for error in failed if error), context.failure_event.message)
        try:
            tell({"job": run.job_name, "partition": partition, "run_id": run.run_id, "reason": reason})
        except OSError as error:
            raise RunError(f"the notice of run {run.run_id} can't be sent: {error}") from error

    return sensor


def _cause(error: SerializableErrorInfo) -> str:
    """The message of what was raised first."""
    while error.cause:
        error = error.cause
    return error.message.strip()
