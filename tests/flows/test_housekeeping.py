"""Housekeeping as a user sees it: it says what it would do, does it when told, and leaves running experiments alone."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from configs.schema.load import dump_recipe
from infra.store.folder import FolderStore
from infra.store.lease.claim import Claim
from infra.store.lease.holder import describe_this_process
from infra.store.lease.lease import Lease
from tasks.decide.stop import Action
from tests.build.experiments import NAME, RECIPE, Maker
from tests.flows.api import ask
from tests.flows.micro import selfloop

pytestmark = pytest.mark.slow
UP, SAME = Action.PROMOTE, Action.KEEP_INCUMBENT


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """The store of six rounds, where the command looks for it."""
    maker = Maker(tmp_path / "home", is_adapter=True)
    maker.run([UP, SAME, SAME, SAME, SAME, SAME], [0.9, 0.2, 0.2, 0.3, 0.3, 0.3])
    maker.store.put(f"{NAME}/recipes/r.yaml", dump_recipe(RECIPE).encode())
    return maker.store


def keep_house(folder: Path, prefect_url: str, *options: str) -> subprocess.CompletedProcess[str]:
    return selfloop("housekeeping", "--no-reconcile", *options, cwd=folder, PREFECT_API_URL=prefect_url)


def test_a_dry_run_says_what_would_go_and_nothing_goes(store: FolderStore, tmp_path: Path, prefect_url: str) -> None:
    store.put(f"{NAME}/cluster/weights/abc", b"lent to nodes")
    store.put(f"{NAME}/cluster/errands/step/saved.json", b"[]")
    before = list(store.keys(""))
    said = keep_house(tmp_path, prefect_url, "--keep-rounds", "1")
    assert said.returncode == 0, said.stderr
    assert "would go   round 2: " in said.stdout
    assert f"would go   {NAME}/cluster: 2 files for nodes of a cluster" in said.stdout
    assert "begins anew the training that was broken off" in said.stdout
    assert "dry run, nothing was changed" in said.stdout
    assert list(store.keys("")) == before
    done = keep_house(tmp_path, prefect_url, "--keep-rounds", "1", "--apply")
    assert "gone       round 2: " in done.stdout, done.stdout + done.stderr
    assert len(list(store.keys(""))) < len(before) and not list(store.keys(f"{NAME}/cluster/"))
    assert ask("POST", f"{prefect_url}/artifacts/filter", {"artifacts": {"key": {"any_": ["housekeeping"]}}})
    left = keep_house(tmp_path, prefect_url, "--keep-rounds", "1")
    assert "0 findings" in left.stdout, left.stdout


def test_an_experiment_that_runs_is_left_alone(store: FolderStore, tmp_path: Path, prefect_url: str) -> None:
    before = list(store.keys(f"{NAME}/round-"))
    with Lease(store, f"{NAME}/lease.json", "me@here"):
        said = keep_house(tmp_path, prefect_url, "--keep-rounds", "1", "--apply")
    assert "skipped    lease" in said.stdout, said.stdout + said.stderr
    assert "is held by me@here" in said.stdout
    assert list(store.keys(f"{NAME}/round-")) == before


def test_the_lease_of_a_dead_run_goes(store: FolderStore, tmp_path: Path, prefect_url: str) -> None:
    program = (
        "import sys; from infra.store.lease.holder import describe_this_process\n"
        "from infra.store.lease.claim import Claim\n"
        "print(Claim('t', describe_this_process('dead@here'), 0.0, 0.0, 60.0, 15.0).to_json().decode())"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    store.put(f"{NAME}/lease.json", made.stdout.encode())
    assert Claim.from_json(made.stdout.encode(), "").holder != describe_this_process("dead@here")
    assert "left behind by dead@here" in keep_house(tmp_path, prefect_url).stdout
    assert store.read(f"{NAME}/lease.json") is not None
    assert "removed" in keep_house(tmp_path, prefect_url, "--apply").stdout
    assert store.read(f"{NAME}/lease.json") is None


def test_damage_is_an_exit_status_and_a_pin_is_kept(store: FolderStore, tmp_path: Path, prefect_url: str) -> None:
    pinned = selfloop("housekeeping", "--pin", f"{NAME}/round-2", cwd=tmp_path)
    assert "is pinned" in pinned.stdout, pinned.stderr
    said = keep_house(tmp_path, prefect_url, "--keep-rounds", "1")
    assert "round 2: " not in said.stdout
    step = json.loads((store.read(f"{NAME}/reports/round-006.json") or b"").decode())["report"]["steps"]["judge"]
    (store.root / step / "rows.parquet").write_text("changed")
    said = keep_house(tmp_path, prefect_url)
    assert said.returncode == 1
    assert f"damaged    {step}/rows.parquet" in said.stdout


def test_runs_that_prefect_takes_for_running_are_marked_and_young_or_held_ones_are_not(
    store: FolderStore, prefect_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.report import reconcile

    flow = ask("POST", f"{prefect_url}/flows/", {"name": "improve"})["id"]
    body = {"flow_id": flow, "parameters": {"experiment": NAME}, "state": {"type": "RUNNING"}}
    run = ask("POST", f"{prefect_url}/flow_runs/", body)["id"]

    def state() -> str:
        return str(ask("GET", f"{prefect_url}/flow_runs/{run}")["state"]["type"])

    with temporary_settings({PREFECT_API_URL: prefect_url}):
        assert list(reconcile.reconcile_prefect(store, NAME, dry_run=False)) == []
        monkeypatch.setattr(reconcile, "SETTLED", timedelta(0))
        with Lease(store, f"{NAME}/lease.json", "me@here"):
            assert list(reconcile.reconcile_prefect(store, NAME, dry_run=False)) == []
        assert len(list(reconcile.reconcile_prefect(store, NAME, dry_run=True))) == 1
        assert state() == "RUNNING"
        assert "marked as crashed" in next(reconcile.reconcile_prefect(store, NAME, dry_run=False))
    assert state() == "CRASHED"
