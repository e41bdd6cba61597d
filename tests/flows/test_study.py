"""A study as a user runs it: methods share what is the same, go on where they stopped, and are compared."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.schema.study import load_study
from configs.schema.study_runs import runs_of
from flows.study.run_process import RunProcess
from flows.study.run_program import in_a_line
from tests.flows.micro import SELFLOOP, environment, micro_recipe, selfloop
from tests.processes import started_here

pytestmark = pytest.mark.slow(minutes=4)

PROGRAM = "flows.study.run_program"
LEFT_OUT = ("--skip", "by_chance", "--skip", "training_only")
METHODS: dict[str, Any] = {
    "own": {"recipe": "recipe.yaml"},
    "longer": {"recipe": "recipe.yaml", "rounds": 2, "control": "training_only"},
    "nothing": {"recipe": "recipe.yaml", "set": {"train.min_examples": 100_000}},
    "start": {"recipe": "recipe.yaml", "rounds": 0},
}


def write_study(folder: Path, **methods: Any) -> Path:
    """A study of the micro recipe whose budget is about two rounds."""
    (folder / "recipe.yaml").write_text(yaml.safe_dump(micro_recipe(rounds={"max": 9})))
    study = {
        "name": "micro", "baseline": "own",
        "common": {"evaluate": {"verifier": {"kind": "number"}}, "services": {"share": True}},
        "budget": {"generated_tokens": 2400}, "methods": methods,
    }  # fmt: skip
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> tuple[Path, str]:
    """Where a study was run, and what it printed; it was killed in its first run, and the same command went on."""
    folder = tmp_path_factory.mktemp("study")
    path = write_study(folder, **METHODS)
    first = folder / "home" / "store" / "micro-own-s0" / "reports" / "round-000.json"
    variables = environment(folder / "home", PREFECT_API_URL=prefect_url)
    with subprocess.Popen([str(SELFLOOP), "study", str(path)], cwd=folder, env=variables) as killed:
        while not first.exists() and killed.poll() is None:
            time.sleep(0.1)
        killed.kill()
    assert killed.returncode == -signal.SIGKILL
    found = selfloop("study", path, "--jobs", "2", cwd=folder, timeout=600, PREFECT_API_URL=prefect_url)
    assert found.returncode == 0, found.stdout + found.stderr
    return folder, found.stdout


def entries(folder: Path, name: str) -> list[dict[str, Any]]:
    found = sorted((folder / "home" / "store" / f"micro-{name}-s0" / "reports").glob("round-*.json"))
    return [json.loads(path.read_text()) for path in found]


def test_a_killed_study_goes_on(done: tuple[Path, str]) -> None:
    folder, _ = done
    log = (folder / "home" / "logs" / "micro-own-s0.log").read_text()
    assert "round 0 warm_start: reused" in log and "round 0 evaluate: reused" in log


def test_runs_stop_at_the_budget(done: tuple[Path, str]) -> None:
    folder, _ = done
    for name in ("own", "by_chance"):
        spent = [entry["report"]["metrics"].get("tokens_written_generate", 0) for entry in entries(folder, name)]
        assert spent[0] == 0
        assert sum(spent) <= 2400
        assert sum(spent) + max(spent) > 2400, "another round would not have fitted"
    assert len(entries(folder, "start")) == 1
    written = [entry["report"]["metrics"].get("tokens_written_generate", 0) for entry in entries(folder, "longer")]
    assert len(written) == 3 and max(written) <= 16, "a sample a round, and nothing but training else"


def test_what_is_the_same_is_computed_once(done: tuple[Path, str]) -> None:
    folder, _ = done
    logs = [(folder / "home" / "logs" / f"micro-{name}-s0.log").read_text() for name in ("nothing", "start")]
    for log in logs:
        assert "round 0 warm_start: reused, another experiment of this store has computed it" in log
        assert "round 0 evaluate: reused, another experiment of this store has computed it" in log
    assert "round 1 generate: reused, another experiment of this store has computed it" in logs[0]


def test_the_table_has_a_row_a_method_and_says_why_one_stopped(done: tuple[Path, str]) -> None:
    folder, shown = done
    named = [line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("| ")]
    assert sorted(named[2:]) == sorted([*METHODS, "by_chance"]), "after the heads"
    assert "- nothing: seed 0: round 1 stopped" in shown
    page = (folder / "home" / "studies" / "micro" / "study.html").read_text()
    assert "<svg" in page
    rows = {row["method"]: row for row in json.loads((folder / "home/studies/micro/study.json").read_text())[""]}
    assert rows["start"]["gained"] == {"mean": 0, "low": 0, "high": 0, "p_value": 1}
    assert rows["by_chance"]["gained"]["low"] <= 0, "verdicts by chance are no signal"
    assert "by_chance gains beyond its interval" not in shown


def test_mlflow_has_the_study(done: tuple[Path, str]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{done[0]}/home/mlflow.db")
    experiment = client.get_experiment_by_name("study-micro")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert set(run.data.metrics) == {f"{name}/report_accuracy" for name in (*METHODS, "by_chance")}


def test_the_same_command_has_nothing_left_to_do(done: tuple[Path, str], prefect_url: str) -> None:
    folder, before = done
    again = selfloop("study", "study.yaml", cwd=folder, PREFECT_API_URL=prefect_url)
    assert again.returncode == 0, again.stderr
    assert "5 runs, 5 of them done" in again.stdout
    table = [line for line in before.splitlines() if line.startswith("| ")]
    assert [line for line in again.stdout.splitlines() if line.startswith("| ")] == table
    planned = selfloop("study", "study.yaml", "--plan", cwd=folder)
    assert planned.stdout == "micro: 5 runs, 5 of them done; each stops at 2,400 generated tokens\n"


def test_a_run_that_fails_is_a_row_and_the_others_go_on(tmp_path: Path, prefect_url: str) -> None:
    gone = {"recipe": "recipe.yaml", "set": {"engine.devices": ["cuda:7"]}}
    path = write_study(tmp_path, own={"recipe": "recipe.yaml", "rounds": 0}, gone=gone)
    found = selfloop("study", path, *LEFT_OUT, cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert found.returncode == 0, found.stderr
    assert "| own |" in found.stdout
    assert "- gone, seed 0: no result: exit status 2" in found.stdout


@pytest.mark.parametrize(
    ("said", "told"),
    [("one", "one"), ("it ended:\n  why", "it ended: why"), ("it ended:\n  a\n  b\n  why", "it ended: ... why")],
)
def test_a_line_says_what_a_long_error_ended_with(said: str, told: str) -> None:
    assert in_a_line(said) == told


def test_a_process_that_dies_costs_its_run_alone(tmp_path: Path) -> None:
    path = write_study(tmp_path, own=METHODS["own"])
    (run,) = runs_of(load_study(path), tmp_path, ("by_chance", "training_only"))
    process = RunProcess(path, tmp_path / "logs")
    try:
        process.begin(run)
        programs = started_here(lambda process: PROGRAM in process.cmdline())
        programs[-1].kill()
        while (ending := process.ending()) is None:
            time.sleep(0.1)
        assert not ending.counts and "killed by SIGKILL" in ending.reason and f"{run.name}.log" in ending.reason
        assert process.run is None
        process.begin(run)
        assert process.run == run and process.ending() is None, "in another process"
    finally:
        process.close()


@pytest.mark.parametrize(
    "odd",
    [{"problems.select.num_problems": 500}, pytest.param({"select": [{"kind": "nothing"}]}, marks=pytest.mark.nightly)],
)
def test_a_method_that_does_not_fit_is_told_before_anything_runs_and_can_be_left_out(
    tmp_path: Path, prefect_url: str, odd: dict[str, Any]
) -> None:
    methods = {"own": METHODS["own"] | {"rounds": 0}, "many": {"recipe": "recipe.yaml", "set": odd}}
    path = write_study(tmp_path, **methods)
    found = selfloop("study", path, cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert found.returncode == 2
    assert "1 of 4 methods cannot run" in found.stderr
    assert "--skip many" in found.stderr
    assert not list((tmp_path / "home" / "store").glob("micro-*"))
    left = selfloop("study", path, "--skip", "many", *LEFT_OUT, cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert left.returncode == 0, left.stderr
    assert "| own |" in left.stdout and "no result" not in left.stdout
