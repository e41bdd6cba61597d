"""An experiment deployed on the stack without containers and watched from outside: through both APIs, in the bucket and
in a browser; and servers that are killed in the middle of a round."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.deploy.processes import Notes
from infra.store.address import open_store
from infra.tracking.tracker import Tracker
from tests.flows.deployed import Deployment
from tests.flows.micro import micro_recipe, write_recipe
from tests.flows.stack import Stack
from tests.servers.browser import find_chromium, read_page

pytestmark = pytest.mark.slow(minutes=4)


def deploy(stack: Stack, name: str, epochs: int = 400, **sections: Any) -> Deployment:
    """A recipe whose rounds train for some seconds: time to break something meanwhile."""
    recipe = micro_recipe(name=name, **sections)
    recipe["train"]["epochs"] = epochs
    path = write_recipe(stack.folder, recipe)
    done = stack.run("deploy", str(path), "--pool", "cpu", **stack.env)
    assert done.returncode == 0, done.stdout + done.stderr
    return Deployment(stack.env["PREFECT_API_URL"], done.stdout)


def records(stack: Stack, name: str) -> dict[str, dict[str, Any]]:
    """What the records of an experiment in the bucket say, by stage of a round."""
    store = open_store(stack.env["SELFLOOP_STORE"])
    found = [key for key in store.keys(f"{name}/round-") if key.endswith("/record.json")]
    return {"/".join(key.split("/")[1:3]): json.loads(store.read(key) or b"") for key in found}


def step_keys(stack: Stack, name: str) -> dict[str, str]:
    return {step: record["key"] for step, record in records(stack, name).items()}


def rounds_in_mlflow(stack: Stack, name: str) -> dict[str, Any]:
    """Runs of an experiment by round; the parent is `parent`."""
    client = Tracker(stack.env["MLFLOW_TRACKING_URI"]).client
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    return {run.data.tags.get("round", "parent"): run for run in runs}


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def run(stack: Stack) -> str:
    """Id of a finished run of the deployment `straight`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in stack.env.items():
            environment.setenv(name, value)
        deployment = deploy(stack, "straight")
        run = deployment.start()
        ended = deployment.finish(run)
    log = (stack.home / "stack/logs/worker.log").read_text(encoding="utf-8")
    assert ended["type"] == "COMPLETED", (ended, log[-3000:])
    return run


def test_the_run_is_in_prefect_mlflow_and_the_bucket(sourced: Stack, run: str) -> None:
    names = {one["name"] for one in sourced.api("POST", "/flow_runs/filter", limit=50)}
    assert {"straight round 0", "straight round 1", "straight round 2"} <= names
    assert len(records(sourced, "straight")) == 4 + 2 * 7

    runs = rounds_in_mlflow(sourced, "straight")
    assert sorted(runs) == ["0", "1", "2", "parent"]
    assert all(one.info.status == "FINISHED" for one in runs.values())
    parent = runs.pop("parent")
    assert {one.data.tags["mlflow.parentRunId"] for one in runs.values()} == {parent.info.run_id}
    client = Tracker(sourced.env["MLFLOW_TRACKING_URI"]).client
    model = client.get_registered_model("straight")
    assert set(model.aliases) == {"candidate", "champion", "round-0", "round-1", "round-2"}
    accepted = client.get_model_version_by_alias("straight", "round-2")
    key = step_keys(sourced, "straight")["round-002/train"]
    assert accepted.source == f"s3://trial/store/straight/round-002/train/{key[:12]}"


def test_both_pages_show_the_numbers_of_the_round(sourced: Stack, run: str) -> None:
    find_chromium()
    entry = json.loads(open_store(sourced.env["SELFLOOP_STORE"]).read("straight/reports/round-002.json") or b"")
    report = entry["report"]
    accuracy = f"{100 * report['metrics']['report_accuracy']:.1f} %"
    prefect = sourced.env["PREFECT_API_URL"].removesuffix("/api")
    summaries = sourced.api("POST", "/artifacts/filter", limit=50, sort="CREATED_DESC")
    summary = next(one for one in summaries if one["key"] == "straight-round-2")
    assert read_page(f"{prefect}/runs/flow-run/{run}", "straight").count("Completed")
    page = read_page(f"{prefect}/artifacts/artifact/{summary['id']}", accuracy, report["reason"])
    assert accuracy in page and report["reason"] in page

    child = rounds_in_mlflow(sourced, "straight")["2"]
    url = f"{sourced.env['MLFLOW_TRACKING_URI']}/#/experiments/{child.info.experiment_id}/runs/{child.info.run_id}"
    page = read_page(url, "report_accuracy", "round-2")
    assert "report_accuracy" in page and "round-2" in page
    value = child.data.metrics["report_accuracy"]
    assert f"report_accuracy {value:g}" in page, page[:3000]


@pytest.mark.parametrize(
    "victim", ["postgres", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("prefect", "mlflow"))]
)
def test_a_server_killed_in_the_middle_of_a_round_changes_no_result(sourced: Stack, run: str, victim: str) -> None:
    deployment = deploy(sourced, victim)
    broken = deployment.start()
    wait_for(lambda: "round-001/generate" in records(sourced, victim))
    assert deployment.state(broken)["type"] == "RUNNING"
    assert "round-001/decide" not in records(sourced, victim)
    os.kill(Notes(sourced.home / "stack/running").read()[victim].pid, signal.SIGKILL)
    if victim != "mlflow":
        done = sourced.run("stack", "up")
        assert done.returncode == 0, done.stdout + done.stderr
    ended = deployment.finish(broken)
    assert ended["type"] == "COMPLETED", ended
    assert step_keys(sourced, victim) == step_keys(sourced, "straight")

    if victim == "mlflow":
        assert sourced.run("stack", "up").returncode == 0
        assert sourced.run("sync", victim, **sourced.env).returncode == 0
    assert sorted(rounds_in_mlflow(sourced, victim)) == ["0", "1", "2", "parent"]
