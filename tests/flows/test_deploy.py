"""A deployed experiment: runs that continue it, never overlap, end with their engines, and ask a person."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError, UserError
from configs.schema.load import check_recipe
from flows.services.addresses import Addresses
from flows.services.deployments import carried_settings, refuse_passwords
from tasks.core.records import Sample
from tasks.core.tables import read_records
from tests.flows.deployed import FINAL, POOL, Deployment, worker
from tests.flows.micro import micro_recipe, processes_of, selfloop, write_recipe

SLOW = pytest.mark.slow


def addresses(store: str = "s3://bucket/runs", tracking: str = "http://mlflow:5000") -> Addresses:
    return Addresses(Path("/home/me/.selfloop"), store, tracking, None)


def test_settings_travel_and_secrets_stay() -> None:
    shell = {
        "AWS_ENDPOINT_URL_S3": "http://s3:9000", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ACCESS_KEY_ID": "k",
        "AWS_SESSION_TOKEN": "t", "MLFLOW_TRACKING_URI": "http://me:word@mlflow:5000", "MLFLOW_TRACKING_PASSWORD": "p",
        "SELFLOOP_STORE": "s3://bucket/runs", "HOME": "/home/me", "AWS_PROFILE": "",
        "SELFLOOP_DEVICES": "GPU-1",
    }  # fmt: skip
    carried, left_out = carried_settings(shell, addresses())
    assert carried == {"AWS_ENDPOINT_URL_S3": "http://s3:9000", "SELFLOOP_STORE": "s3://bucket/runs"}
    assert left_out == (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "MLFLOW_TRACKING_PASSWORD",
        "MLFLOW_TRACKING_URI",
    )  # fmt: skip


def test_local_folders_travel_as_whole_paths() -> None:
    carried, _ = carried_settings({"SELFLOOP_STORE": "runs"}, addresses(store="runs"))
    assert carried == {"SELFLOOP_STORE": str(Path("runs").absolute()), "SELFLOOP_HOME": "/home/me/.selfloop"}
    carried, _ = carried_settings({}, addresses(tracking="sqlite:///x.db"))
    assert carried == {"SELFLOOP_HOME": "/home/me/.selfloop"}


def test_a_recipe_with_a_password_is_not_deployed() -> None:
    services = {"tracking": "http://me:word@mlflow:5000"}
    with pytest.raises(UserError, match=r"services\.tracking holds a password"):
        refuse_passwords(check_recipe(micro_recipe(services=services)))
    refuse_passwords(check_recipe(micro_recipe(services={"tracking": "http://mlflow:5000"})))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Iterator[Path]:
    """Where deployments are made and a worker runs them."""
    folder = tmp_path_factory.mktemp("deployed")
    with worker(folder, prefect_url):
        yield folder


def deploy(folder: Path, prefect_url: str, recipe: dict[str, Any], *options: str) -> Deployment:
    path = write_recipe(folder, recipe)
    variables = {"PREFECT_API_URL": prefect_url, "SELFLOOP_TEST_RUN": str(folder), "AWS_SECRET_ACCESS_KEY": "hush"}
    done = selfloop("deploy", path, "--pool", POOL, *options, cwd=folder, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AWS_SECRET_ACCESS_KEY" in done.stdout
    assert "hush" not in done.stdout
    path.unlink()
    return Deployment(prefect_url, done.stdout)


def rounds_of(folder: Path, name: str) -> list[str]:
    return sorted(path.stem for path in (folder / "home" / "store" / name / "reports").glob("*.json"))


def light_recipe(**sections: Any) -> dict[str, Any]:
    """Without a warm start or guards, and with every sample kept: fewer processes a round."""
    micro = micro_recipe()
    tree = micro_recipe(
        train={**micro["train"], "start_from": "base", "epochs": 1},
        select=[{"kind": "cap"}],
        guards=[],
        generate={**micro["generate"], "num_problems": 8, "order": "next"},
        **sections,
    )
    del tree["warm_start"]
    return tree


@pytest.fixture(scope="module")
def steady(folder: Path, prefect_url: str) -> Deployment:
    """A deployment whose runs add one round each."""
    recipe = light_recipe(name="steady", rounds={"max": 9, "per_run": 1})
    deploy(folder, prefect_url, recipe, "--cron", "0 4 * * *")
    return deploy(folder, prefect_url, recipe, "--cron", "0 3 * * *", "--paused")


@SLOW
def test_a_deployment_has_a_schedule_tags_and_a_form(steady: Deployment) -> None:
    made = steady.read()
    assert made["paused"] is True
    assert [one["schedule"]["cron"] for one in made["schedules"]] == ["0 3 * * *"]
    assert made["global_concurrency_limit"] is None  # a dead run would hold it; the lease knows who is dead
    assert {"selfloop", "continued", "experiment:steady"} <= set(made["tags"])
    assert "hush" not in json.dumps(made)
    form = json.dumps(made["parameter_openapi_schema"])
    assert "Rounds to add" in form
    assert "Changes for this run" in form


@SLOW
def test_a_run_adds_the_rounds_it_is_told_and_ends(folder: Path, steady: Deployment) -> None:
    ended = steady.finish(steady.start(rounds=2))
    assert ended["type"] == "COMPLETED", ended
    assert "rounds 1, 2 added" in ended["message"]
    assert "run_done" in ended["message"]
    assert rounds_of(folder, "steady") == ["round-000", "round-001", "round-002"]


@SLOW
def test_the_next_run_goes_on_and_a_person_decides_in_prefect(folder: Path, steady: Deployment) -> None:
    run = steady.start(overrides=["decide.approval=true"])
    asking = steady.wait(run, lambda state: state["type"] in ("PAUSED", *FINAL))
    assert asking["name"] == "Suspended", asking
    store = folder / "home" / "store" / "steady"
    assert json.loads((store / "approvals" / "round-003.asked.json").read_text())["flow_run"] == run
    assert rounds_of(folder, "steady")[-1] == "round-002"
    assert not (store / "lease.json").exists()
    other = steady.finish(steady.start(overrides=["decide.approval=true"]))
    assert f"ended by approval (run {run} asks since" in other["message"], other
    assert steady.resume(run, approve=False, name="Ada", note="too short")["status"] == "ACCEPT"
    ended = steady.finish(run)
    assert "rounds 3 added" in ended["message"], ended
    assert "run_done" in ended["message"]
    record = json.loads((store / "approvals" / "round-003.json").read_text())
    assert (record["is_approved"], record["by"], record["note"]) == (False, "Ada", "too short")
    entry = json.loads((store / "reports" / "round-003.json").read_text())
    assert entry["report"]["action"] == "keep_incumbent"
    assert "rejected by Ada: too short" in entry["report"]["reason"]
    assert entry["state"]["standing"]["incumbent"]["model"]["name"] == "round-2"


@SLOW
def test_each_round_takes_the_next_problems(folder: Path, steady: Deployment) -> None:
    store = folder / "home" / "store" / "steady"
    drawn = [problems_of(next(store.glob(f"round-00{number}/generate/*/record.json")).parent) for number in (1, 2, 3)]
    assert [len(ids) for ids in drawn] == [8, 8, 8]
    assert len(set.union(*drawn)) == 24


def problems_of(step: Path) -> set[str]:
    return {sample.problem_id for path in step.glob("shard-*.parquet") for sample in read_records(path, Sample)}


@SLOW
def test_a_cancelled_run_takes_its_engines_along_and_a_second_one_says_why_it_leaves(
    folder: Path, prefect_url: str
) -> None:
    endless = light_recipe(name="endless")
    endless["train"]["epochs"] = 100_000
    deployment = deploy(folder, prefect_url, endless)
    first = deployment.start()
    deadline = time.monotonic() + 120
    while "train_program" not in {process.name for process in processes_of(folder)}:
        assert time.monotonic() < deadline, deployment.state(first)
        time.sleep(0.2)
    by_hand = deployment.start()
    deployment.wait_for_log(by_hand, "waiting for its turn: lease 'endless/lease.json'")
    assert deployment.state(by_hand)["type"] == "RUNNING"
    deployment.cancel(by_hand)
    deployment.cancel(first)
    asked = time.monotonic()
    while any("infra.engines" in process.command for process in processes_of(folder)):
        assert time.monotonic() - asked < 10, deployment.state(first)
        time.sleep(0.1)
    assert deployment.finish(first, 30)["type"] == "CANCELLED"
    assert not (folder / "home" / "store" / "endless" / "lease.json").exists()


def test_per_run_is_a_field_of_the_recipe() -> None:
    assert check_recipe(micro_recipe(rounds={"max": 3, "per_run": 2})).rounds.per_run == 2
    with pytest.raises(RecipeError, match=r"rounds\.per_run"):
        check_recipe(micro_recipe(rounds={"per_run": 0}))
