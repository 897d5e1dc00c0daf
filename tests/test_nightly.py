"""The unattended build: run as Dagster's daemon runs it, with a drop that fails, and word of it to a real address."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor

from assets.nightly import CURATED
from dataset_build.config import Config
from dataset_build.definitions import build_defs
from dataset_build.errors import UserError
from dataset_build.release.reader import releases
from resources.drops import Drops
from resources.engine import LocalEngine
from resources.notify import notifier
from resources.storage import lock
from tests.bucket import lake_at
from tests.pictures import put


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "scrape"
    put(root / "one" / "a.png", seed=0, text="red")
    put(root / "two" / "b.png", seed=1, text="blue")
    return root


@pytest.fixture
def lake(tmp_path: Path, source: Path) -> Path:
    root = lake_at(tmp_path / "lake")
    Drops(root / "drops").add_source(source)
    return root


def run_night(lake: Path, instance: dg.DagsterInstance, config: Config | None = None) -> list[str]:
    """The log of a run of the job that the schedule starts."""
    job = build_defs(lake, config or Config(), engine=LocalEngine(1)).resolve_job_def("nightly")
    result = job.execute_in_process(instance=instance)
    assert result.success
    return [e.user_message for e in instance.all_logs(result.run_id) if "new drops" in e.user_message]


def versions(lake: Path) -> list[str]:
    return [manifest["version"] for manifest in releases(lake)]


def test_a_night_is_released_by_date_and_one_without_news_is_not(lake: Path, source: Path) -> None:
    before = datetime.now(UTC)
    with dg.instance_for_test() as instance:
        (said,) = run_night(lake, instance)
        today = versions(lake)[0]
        assert today in {f"{moment:%Y.%m.%d}" for moment in (before, datetime.now(UTC))}
        assert said == f"2 new drops; release {today} was made"
        assert run_night(lake, instance) == [f"0 new drops; nothing has changed since release {today}"]
        put(source / "two" / "c.png", seed=2, text="green")
        run_night(lake, instance)
        assert len(versions(lake)) == 2
        recorded = {run.job_name for run in instance.get_runs()}
    assert recorded == {"nightly", "discover", "ingest", "curate", "caption", "publish"}


def test_an_incomplete_folder_waits_for_its_marker(lake: Path, source: Path) -> None:
    waits = Config.model_validate({"arrival": {"marker": "_SUCCESS"}})
    (source / "one" / "_SUCCESS").touch()
    with dg.instance_for_test() as instance:
        run_night(lake, instance, waits)
        assert [drop.name for drop in Drops(lake / "drops").active()] == ["scrape.one"]
        (source / "two" / "_SUCCESS").touch()
        run_night(lake, instance, waits)
    assert [drop.files for drop in Drops(lake / "drops").active()] == [2, 2]


def test_the_sensor_registers_drops_and_asks_for_a_run_each(lake: Path) -> None:
    definitions = build_defs(lake, Config())
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance, definitions=definitions) as context:
        sensor = definitions.get_repository_def().get_sensor_def("new_drops")
        asked = list(sensor(context))
        assert [(each.run_key, each.partition_key) for each in asked] == [(n, n) for n in ("scrape.one", "scrape.two")]
        assert instance.get_dynamic_partitions("drops") == ["scrape.one", "scrape.two"]
        for name in ("scrape.one", "scrape.two"):
            job = build_defs(lake, Config(), engine=LocalEngine(1)).resolve_job_def("ingest")
            assert job.execute_in_process(instance=instance, partition_key=name).success
        (skipped,) = sensor(context)
        assert skipped.skip_message == "every drop is read"


def test_what_is_judged_is_asked_for_when_its_inputs_or_settings_change(lake: Path, source: Path) -> None:
    def asked(definitions: dg.Definitions, cursor: AssetDaemonCursor | None) -> tuple[set[str], AssetDaemonCursor]:
        found = dg.evaluate_automation_conditions(definitions, instance, CURATED, cursor=cursor)
        return {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()
                if found.get_num_requested(key)}, found.cursor  # fmt: skip

    as_is, changed = Config(), Config.model_validate({"rules": {"min_side": 10}})
    engine = LocalEngine(1)
    definitions = build_defs(lake, as_is, engine=engine)
    with dg.instance_for_test() as instance:
        run_night(lake, instance)
        state = asked(definitions, None)
        assert state[0] == set()
        put(source / "two" / "c.png", seed=2, text="green")
        discover = definitions.resolve_job_def("discover").execute_in_process(instance=instance)
        assert discover.success
        job = definitions.resolve_job_def("ingest")
        assert job.execute_in_process(instance=instance, partition_key="scrape.two.2").success
        state = asked(definitions, state[1])
        curate = definitions.resolve_job_def("curate")
        wanted = {key.to_user_string() for key in curate.asset_layer.executable_asset_keys}
        assert state[0] == wanted
        assert curate.execute_in_process(instance=instance).success
        state = asked(definitions, state[1])
        assert state[0] == set()
        assert "image_verdicts" in asked(build_defs(lake, changed, engine=engine), state[1])[0]


def test_a_night_that_meets_a_build_says_who_holds_the_lake(lake: Path) -> None:
    job = build_defs(lake, Config()).resolve_job_def("nightly")
    with dg.instance_for_test() as instance, lock(lake / ".lock", "testing"):
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert f"in use by process {os.getpid()} (testing)" in failure.step_failure_data.error.cause.message
    assert versions(lake) == []


@pytest.fixture
def address() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback, and what was posted to it."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", posted
        server.shutdown()
        thread.join()


def test_a_failed_run_is_told_to_the_address(
    address: tuple[str, list[dict[str, Any]]], lake: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, posted = address
    monkeypatch.setenv("DATASET_BUILD_WEBHOOK", url)
    definitions = build_defs(lake, Config.model_validate({"nightly": {"notify": "webhook"}}))
    Drops(lake / "drops").discover("scrape")
    for file in source.rglob("*.*"):
        file.unlink()
    with dg.instance_for_test() as instance:
        job = definitions.resolve_job_def("nightly")
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        event = result.get_run_failure_event()
        context = dg.build_run_status_sensor_context("failures", event, instance, result.dagster_run).for_run_failure()
        definitions.get_repository_def().get_sensor_def("failures")(context)
    (notice,) = posted
    assert notice["job"] == "nightly"
    assert "is empty, and held files before" in notice["reason"]
    assert notice["text"].startswith("nightly failed: ")


def test_an_address_is_needed_when_there_is_something_to_tell(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATASET_BUILD_WEBHOOK", raising=False)
    config = Config.model_validate({"nightly": {"notify": "webhook"}})
    with dg.instance_for_test() as instance:
        assert run_night(lake, instance, config)[0].startswith("2 new drops; release ")
    with pytest.raises(UserError, match="DATASET_BUILD_WEBHOOK holds no http address"):
        notifier(config.nightly)({"job": "ingest", "partition": "a", "run_id": "1", "reason": "r"})


@pytest.mark.parametrize(("setting", "value"), [("cron", "every night"), ("timezone", "Mars/Olympus")])
def test_a_schedule_that_cannot_be_is_refused(setting: str, value: str) -> None:
    with pytest.raises(ValueError, match=setting):
        Config.model_validate({"nightly": {setting: value}})
