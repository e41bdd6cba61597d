"""The stack without containers, used as a user does: up, bootstrap, a run on the worker, repair, down."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import httpx
import pytest

from flows.services.dead_runs import CONTINUES, UNBORN, ZOMBIES
from infra.deploy.health import is_port_free
from infra.deploy.mlflow_api import DEFAULT_TAGS
from infra.deploy.postgres import find_postgres
from infra.deploy.processes import Notes
from infra.deploy.settings import load_settings
from infra.store.address import open_store
from tests.flows.micro import selfloop
from tests.flows.stack import SERVERS, Stack, left_over

pytestmark = pytest.mark.slow


def test_up_shows_each_service_and_what_to_source(stack: Stack) -> None:
    for name in SERVERS:
        assert f"{name:<11}healthy after" in stack.shown
    assert f"Prefect  http://127.0.0.1:{stack.ports['prefect']}" in stack.shown
    assert ". home/stack/env" in stack.shown
    assert (stack.home / "stack/env").stat().st_mode & 0o077 == 0
    assert set(stack.env) >= {"PREFECT_API_URL", "MLFLOW_TRACKING_URI", "SELFLOOP_STORE", "AWS_SECRET_ACCESS_KEY"}


def test_status_says_that_all_is_healthy(stack: Stack) -> None:
    done = stack.run("stack", "status")
    assert done.returncode == 0, done.stdout
    states = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert list(states) == [*SERVERS, "keeper"]
    assert all("healthy" in line and "since 20" in line for line in states.values()), done.stdout


def test_both_databases_hold_tables(stack: Stack) -> None:
    settings = load_settings(stack.folder / ".env")
    psql = str(find_postgres(stack.home / "stack/data/postgres").with_name("psql"))
    for database, table in {"prefect": "flow_run", "mlflow": "experiments"}.items():
        target = ["-h", "127.0.0.1", "-p", str(settings.postgres_port), "-U", "selfloop", "-d", database]
        login = {**os.environ, "PGPASSWORD": settings.postgres_password}
        query = f"SELECT count(*) FROM {table}"
        done = subprocess.run([psql, *target, "-tAc", query], env=login, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stdout.strip().isdecimal(), done.stderr


def test_bootstrap_repeated_changes_nothing_and_says_so(stack: Stack) -> None:
    pools = {pool["name"]: pool for pool in stack.api("POST", "/work_pools/filter", limit=10)}
    automations = stack.api("POST", "/automations/filter", limit=10)
    done = stack.run("bootstrap", **stack.env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "nothing changed"
    assert {pool["name"]: pool for pool in stack.api("POST", "/work_pools/filter", limit=10)}.keys() == pools.keys()
    assert stack.api("POST", "/automations/filter", limit=10) == automations

    assert {name: pool["type"] for name, pool in pools.items()} == {"cpu": "process", "gpu": "process"}
    named = {one["name"]: one for one in automations}
    zombies, continues = named[ZOMBIES], named[CONTINUES]
    assert zombies["trigger"]["posture"] == "Proactive"
    assert zombies["trigger"]["within"] == 100
    assert zombies["trigger"]["expect"] == ["prefect.flow-run.*"]
    assert zombies["trigger"]["after"] == ["prefect.flow-run.heartbeat"]
    assert "prefect.flow-run.InfrastructurePending" in named[UNBORN]["trigger"]["after"]
    assert [(action["type"], action["state"]) for action in zombies["actions"]] == [
        ("change-flow-run-state", "CRASHED")
    ]
    assert continues["trigger"]["expect"] == ["prefect.flow-run.Crashed"]
    assert [(action["type"], action["source"]) for action in continues["actions"]] == [("run-deployment", "inferred")]


def test_bootstrap_sets_the_defaults_of_mlflow_experiments(stack: Stack) -> None:
    place = f"{stack.env['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/experiments/get"
    experiment = httpx.get(place, params={"experiment_id": "0"}).json()["experiment"]
    assert {tag["key"]: tag["value"] for tag in experiment["tags"]}.items() >= DEFAULT_TAGS.items()
    assert experiment["artifact_location"].startswith("mlflow-artifacts:")


def test_bootstrap_mends_what_was_changed_by_hand(stack: Stack) -> None:
    zombies = next(one for one in stack.api("POST", "/automations/filter", limit=10) if one["name"] == ZOMBIES)
    stack.api("PATCH", f"/automations/{zombies['id']}", enabled=False)
    done = stack.run("bootstrap", **stack.env)
    changes = [line for line in done.stdout.splitlines() if not line.startswith("kept")]
    assert changes == ["changed automation for dead runs: crashed after 100 s of silence"], done.stdout + done.stderr
    assert all(one["enabled"] for one in stack.api("POST", "/automations/filter", limit=10))


def test_bootstrap_without_a_server_says_what_to_do(stack: Stack) -> None:
    done = stack.run("bootstrap", SELFLOOP_STORE=str(stack.folder / "store"), PREFECT_API_URL="")
    assert done.returncode == 2
    assert "no Prefect server is configured" in done.stderr


def test_objects_go_into_the_bucket_and_come_back(sourced: Stack) -> None:
    store = open_store(sourced.env["SELFLOOP_STORE"])
    assert store.uri == "s3://trial/store"
    assert store.put_new("visit/one", b"first")
    assert not store.put_new("visit/one", b"second")
    assert store.read("visit/one") == b"first"


def test_run_with_artifact_goes_through_mlflow_into_the_bucket(sourced: Stack) -> None:
    from infra.tracking.tracker import Tracker

    tracker = Tracker(sourced.env["MLFLOW_TRACKING_URI"])
    experiment = tracker.ensure_experiment("stack")
    run = tracker.client.create_run(experiment)
    tracker.log_metrics(run.info.run_id, {"accuracy": 0.5}, step=1)
    tracker.log_text(run.info.run_id, "what was seen", "report.md")
    assert tracker.client.get_run(run.info.run_id).data.metrics == {"accuracy": 0.5}
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    kept = open_store("s3://trial/mlflow")
    (key,) = [key for key in kept.keys("") if key.endswith("report.md")]
    assert kept.read(key) == b"what was seen"


def test_mlflow_answers_to_allowed_names_alone(stack: Stack) -> None:
    url = f"{stack.env['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/experiments/get?experiment_id=0"
    asked = {host: httpx.get(url, headers={"Host": host}).status_code for host in ("mlflow:5000", "evil.example")}
    assert asked == {"mlflow:5000": 200, "evil.example": 403}


def test_the_worker_runs_a_flow_of_the_project_on_the_store_of_the_stack(sourced: Stack) -> None:
    flow = sourced.api("POST", "/flows/", name="housekeeping")
    stay = {"prefect.deployments.steps.set_working_directory": {"directory": "."}}
    deployment = sourced.api(
        "POST",
        "/deployments/",
        name="by hand",
        flow_id=flow["id"],
        entrypoint="flows/housekeeping.py:housekeeping",
        work_pool_name="cpu",
        pull_steps=[stay],
    )
    asked = {"parameters": {"experiments": ["unheard-of"]}}
    run = sourced.api("POST", f"/deployments/{deployment['id']}/create_flow_run", parameters=asked)
    deadline = time.monotonic() + 120
    while (state := sourced.api("GET", f"/flow_runs/{run['id']}")["state"])["type"] not in (
        "COMPLETED",
        "FAILED",
        "CRASHED",
    ):
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    log = (sourced.home / "stack/logs/worker.log").read_text(encoding="utf-8")
    assert "s3://trial/store holds no experiment 'unheard-of'" in state["message"], (state, log)


def test_taken_port_is_named_with_its_setting(stack: Stack) -> None:
    done = selfloop("stack", "up", cwd=stack.folder, SELFLOOP_HOME=str(stack.folder / "second"))
    assert done.returncode == 2
    assert f"port {stack.ports['postgres']} of 127.0.0.1, which postgres is to listen on, is taken" in done.stderr
    assert "STACK_POSTGRES_PORT" in done.stderr


def test_killed_services_come_back_with_their_data(stack: Stack) -> None:
    notes = Notes(stack.home / "stack/running").read()
    for name in ("keeper", "postgres", "mlflow"):
        os.kill(notes[name].pid, signal.SIGKILL)
    done = stack.run("stack", "status")
    assert done.returncode == 1
    assert done.stdout.count("ended by itself") == 3

    done = stack.run("stack", "up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "postgres   had ended, starts again" in done.stdout
    assert "prefect    healthy already" in done.stdout
    after = Notes(stack.home / "stack/running").read()
    assert {name for name in SERVERS if after[name].pid != notes[name].pid} == {"postgres", "mlflow"}
    assert stack.run("stack", "status").returncode == 0
    assert {pool["name"] for pool in stack.api("POST", "/work_pools/filter", limit=10)} == {"cpu", "gpu"}


def test_what_ends_by_itself_is_started_again_without_a_hand(stack: Stack) -> None:
    before = Notes(stack.home / "stack/running").read()["mlflow"]
    os.kill(before.pid, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while stack.run("stack", "status").returncode:
        assert time.monotonic() < deadline, (stack.home / "stack/logs/keeper.log").read_text()
        time.sleep(1)
    assert "mlflow ended by itself" in (stack.home / "stack/logs/keeper.log").read_text()


def test_down_leaves_no_process_and_no_port(stack: Stack) -> None:
    done = stack.run("stack", "down")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["keeper", *reversed(SERVERS)]
    assert left_over(stack.folder) == []
    assert all(is_port_free("127.0.0.1", port) for port in stack.ports.values())
    status = stack.run("stack", "status")
    assert status.returncode == 1
    assert status.stdout.count("stopped") == len(SERVERS) + 1
    assert stack.run("stack", "down").stdout == ""
