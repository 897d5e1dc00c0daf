"""Start webserver, daemon, code server and the sheets on this machine, run a night, and look at it in a browser.

    python -m deploy.check [--pictures docs]

Needs playwright and a Chromium (CHROMIUM, or `chromium` on the path). Everything is put into a temporary folder; all
processes are ended at the end, whatever happens.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

DEADLINE = 300  # seconds that any one thing may take
LAUNCH = """
mutation($job: ExecutionParams!) {
  launchRun(executionParams: $job) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}"""
DRAWN = """() => [...document.images].some(image => {
  if (!image.alt.startsWith("a sample of what was rejected") || !image.naturalWidth) return false;
  image.scrollIntoView();
  return true;
})"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
LOCATIONS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
INSTANCE = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"


def main() -> None:
    """Run the check and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="folder to write screenshots into")
    pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = start(Path(folder), stack)
        seconds = run_night(url)
        print(f"nightly: done in {seconds:.1f} s")
        for name, seen in look(url, pictures).items():
            print(f"{name}: {seen}")


def start(folder: Path, stack: ExitStack) -> str:
    """Draw a sample, make it a source, start the four processes; the address of the webserver."""
    lake, code, web = folder / "lake", free_port(), free_port()
    command("dataset-build", "sample", str(folder / "scrape"))
    command("dataset-build", "source", "add", str(folder / "scrape"), "--lake", str(lake))
    workspace = folder / "workspace.yaml"
    workspace.write_text(Path(__file__).with_name("workspace.yaml").read_text("utf-8").replace("4000", str(code)))
    home = folder / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n", "utf-8")
    environment = {**os.environ, "DAGSTER_HOME": str(home), "DATASET_BUILD_LAKE": str(lake)}
    local, places = ("--host", "127.0.0.1", "--port"), ("--workspace", str(workspace))
    for words in (
        ("dagster", "code-server", "start", *local, str(code), "--module-name", "dataset_build.definitions"),
        ("dagster-daemon", "run", *places),
        ("dagster-webserver", *local, str(web), *places),
        ("dataset-build", "sheets", "--lake", str(lake)),
    ):
        stack.enter_context(process(words, environment, folder))
    return f"http://127.0.0.1:{web}"


def run_night(url: str) -> float:
    """Launch the job that the schedule starts, as the UI does; seconds until it has succeeded."""
    wait(lambda: ask(url, LOCATIONS)["repositoriesOrError"]["nodes"], "the code location")
    wait(lambda: all(d["healthy"] for d in _daemons(url) if d["required"]), "the daemon")
    (repository,) = ask(url, LOCATIONS)["repositoriesOrError"]["nodes"]
    selector = {"repositoryName": repository["name"], "repositoryLocationName": repository["location"]["name"]}
    started = time.monotonic()
    job = {"selector": {**selector, "jobName": "nightly"}, "mode": "default"}
    launched = ask(url, LAUNCH, job=job)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    over = ("SUCCESS", "FAILURE", "CANCELED")
    status = wait(lambda: _status(url, launched["run"]["runId"], over), "the run")
    assert status == "SUCCESS", status
    return time.monotonic() - started


def look(url: str, pictures: Path | None) -> dict[str, str]:
    """What a person sees of the result in a browser."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        pages = {
            "graph": (f"{url}/asset-groups", "dedup"),
            "runs": (f"{url}/runs", "nightly"),
            "release": (f"{url}/assets/release?view=events", "rejected_sheet"),
        }
        seen = {}
        for name, (address, text) in pages.items():
            page.goto(address)
            try:
                page.get_by_text(text).first.wait_for(timeout=60_000)
                if name == "release":
                    page.wait_for_function(DRAWN, timeout=60_000)
                seen[name] = f"{text} is shown" + (", with its pictures" if name == "release" else "")
            finally:
                if pictures:
                    page.screenshot(path=pictures / f"ui-{name}.png")
        browser.close()
    return seen


def ask(url: str, query: str, **variables: Any) -> Any:
    """The data of a GraphQL answer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["data"]


def wait(ready: Any, what: str) -> Any:
    """Ask again until there is an answer; the webserver need not be up yet."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            if answer := ready():
                return answer
        except (urllib.error.URLError, ConnectionError, KeyError, TypeError):
            pass
        time.sleep(0.5)
    raise SystemExit(f"{what} was not ready within {DEADLINE} s")


def _daemons(url: str) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = ask(url, INSTANCE)["instance"]["daemonHealth"]["allDaemonStatuses"]
    return statuses


def _status(url: str, run: str, over: tuple[str, ...]) -> str | None:
    status = str(ask(url, STATUS, id=run)["runOrError"]["status"])
    return status if status in over else None


@contextmanager
def process(words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """A process that is ended with the block; its output is kept in a file of the folder."""
    with (folder / f"{words[0]}.log").open("ab") as log:
        started = subprocess.Popen(
            [_script(words[0]), *words[1:]], env=dict(environment), cwd=folder, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def command(*words: str) -> None:
    """Run one of this environment's commands to its end."""
    subprocess.run([_script(words[0]), *words[1:]], check=True, stdout=subprocess.DEVNULL)


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
