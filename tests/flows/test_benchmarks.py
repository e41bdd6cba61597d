"""Benchmarks in an experiment: published, shown, and the same after a kill; the champion's at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.round import baseline, with_champion
from tasks.benchmark.stage import CHAMPION
from tasks.core.records import BenchmarkItem, BenchmarkScore
from tasks.core.step import StepSpec
from tasks.core.tables import read_records
from tasks.decide.stop import StopReason
from tests.build.benches import make_ledger
from tests.build.records import make_recipe
from tests.flows.micro import SELFLOOP, environment, micro_recipe, processes_of, selfloop, write_recipe
from tests.infra.engines.harness.local import SUMS, needs_harness, write_choices, write_sums
from tests.tasks.core.walk import KeyBench

LONG = 900
"""seconds; on a busy machine a run of this size takes minutes"""
TASKS = [{"task": "sums.yaml", "num_fewshot": 1}, {"task": "choices.yaml", "limit": 15}]
LONGER: dict[str, Any] = {"source": {"kind": "addition", "digits": [2], "num_problems": 12}, "max_tokens": 3}
"""a set of one's own: what the recipe's problems are not"""


def write(folder: Path, **benchmarks: Any) -> Path:
    """A recipe with two tasks beside it, and a set."""
    write_sums(folder)
    write_choices(folder)
    evaluate = {"benchmarks": {"tasks": TASKS, "sets": {"longer": LONGER}, "every": 2, **benchmarks}}
    return write_recipe(folder, micro_recipe(evaluate=evaluate, rounds={"max": 1}))


def tables(folder: Path, round: int = 0) -> list[Path]:
    places = (folder / "home" / "store" / "micro" / f"round-{round:03d}" / "benchmark").glob("*/*.parquet")
    return sorted(places, key=lambda path: path.name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tables(folder)}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> tuple[Path, str]:
    """The folder of a run that nobody disturbed, and what it said."""
    folder = tmp_path_factory.mktemp("straight")
    done = selfloop("run", write(folder), cwd=folder, PREFECT_API_URL=prefect_url, timeout=LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


@pytest.mark.slow
@needs_harness
def test_a_round_publishes_each_item_and_shows_each_score(straight: tuple[Path, str]) -> None:
    folder, said = straight
    items, scores = tables(folder)
    found = list(read_records(scores, BenchmarkScore))
    by_metric = [(row.task, row.metric, row.num_items, row.num_fewshot) for row in found]
    assert by_metric == [
        ("local_sums", "exact_match", len(SUMS), 1),
        ("local_choices", "acc", 15, 0),
        ("local_choices", "acc_norm", 15, 0),
        ("longer", "accuracy", 12, None),
    ]
    rows = list(read_records(items, BenchmarkItem))
    assert [row.task for row in rows] == ["local_sums"] * len(SUMS) + ["local_choices"] * 15 + ["longer"] * 12
    right = [json.loads(row.metrics)["acc"] for row in rows if row.task == "local_choices"]
    assert found[1].value == pytest.approx(sum(right) / 15) and found[1].stderr is not None
    line = f"{found[1].value:.4f} +/- {found[1].stderr:.4f}"
    entry = json.loads((folder / "home" / "store" / "micro" / "reports" / "round-000.json").read_text())
    assert entry["report"]["metrics"]["benchmark_local_choices_acc"] == found[1].value
    assert entry["report"]["metrics"]["benchmark_local_choices_acc_stderr"] == found[1].stderr
    assert line in said and line in (folder / "home" / "reports" / "micro.html").read_text()
    assert entry["report"]["metrics"]["benchmark_longer_num_items"] == 12
    assert tables(folder, round=1) == [], "every second round"


@pytest.mark.slow
@needs_harness
def test_a_set_of_ones_own_is_asked_greedily_and_compared_with_its_gold(straight: tuple[Path, str]) -> None:
    items, scores = tables(straight[0])
    rows = [row for row in read_records(items, BenchmarkItem) if row.task == "longer"]
    (score,) = [row for row in read_records(scores, BenchmarkScore) if row.task == "longer"]
    right = [json.loads(row.metrics)["accuracy"] for row in rows]
    assert score.value == pytest.approx(sum(right) / 12)
    for row, is_right in zip(rows, right, strict=True):
        first, second = row.prompt.rstrip("=").split("+")
        assert row.target == str(int(first) + int(second)) and json.loads(row.document)["gold"] == row.target
        (text,) = json.loads(row.responses)
        assert len(text) <= LONGER["max_tokens"], "the set's own length"
        assert (json.loads(row.answer) == row.target) == bool(is_right)


@pytest.mark.slow
@needs_harness
def test_mlflow_holds_the_scores_with_their_errors(straight: tuple[Path, str]) -> None:
    from mlflow import MlflowClient

    folder, _ = straight
    client = MlflowClient(f"sqlite:///{folder}/home/mlflow.db")
    experiment = client.get_experiment_by_name("micro")
    assert experiment is not None
    runs = {run.info.run_name: run.data.metrics for run in client.search_runs([experiment.experiment_id])}
    (score,) = [row for row in read_records(tables(folder)[1], BenchmarkScore) if row.metric == "acc"]
    assert runs["micro round 0"]["benchmark_local_choices_acc"] == score.value
    assert runs["micro round 0"]["benchmark_local_choices_acc_stderr"] == score.stderr
    assert runs["micro"]["benchmark_local_choices_acc"] == score.value, "the experiment's curve"


@pytest.mark.slow
@needs_harness
@pytest.mark.nightly
def test_killed_at_a_benchmark_it_ends_with_the_same_bytes_and_asks_nothing_twice(
    straight: tuple[Path, str], tmp_path: Path, prefect_url: str
) -> None:
    recipe = write(tmp_path)
    running = environment(tmp_path / "home", PREFECT_API_URL=prefect_url, SELFLOOP_TEST_RUN=str(tmp_path))
    process = subprocess.Popen([str(SELFLOOP), "run", str(recipe)], cwd=tmp_path, env=running, start_new_session=True)
    answers = tmp_path / "home" / "store" / "micro" / "round-000" / "benchmark" / "answers"
    wait_for(lambda: any(answers.rglob("*.json")))  # which says that a shard is whole
    for victim in processes_of(tmp_path):
        victim.send(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in answers.rglob("*.json")}
    assert before and not contents(tmp_path), "killed before the step was published"
    done = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url, timeout=LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(tmp_path) == contents(straight[0])
    assert before == {path: path.stat().st_mtime_ns for path in before}
    again = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url, timeout=LONG)
    assert "round 0 benchmark: reused" in again.stdout


def wait_for(is_there: Callable[[], bool], seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@needs_harness
def test_a_plan_counts_items_and_refuses_what_cannot_be_had_before_a_model_is_loaded(tmp_path: Path) -> None:
    recipe = write(tmp_path)
    planned = selfloop("plan", recipe, cwd=tmp_path, timeout=LONG)
    assert "round 0  benchmark      new" in planned.stdout, planned.stderr
    asked = "items of sums.yaml, choices.yaml, longer, in 1 rounds"
    assert f"benchmarks        {len(SUMS) + 15 + 12} {asked}" in planned.stdout
    assert "benchmark_longer 12" in planned.stdout, "among the problems that were read"
    (tmp_path / "choices.jsonl").unlink()
    refused = selfloop("run", recipe, cwd=tmp_path, timeout=LONG)
    assert refused.returncode == 2 and "choices.yaml cannot be loaded" in refused.stderr
    assert "fix: correct the task's file" in refused.stderr and "round 0 base" not in refused.stdout
    checked = selfloop("check", recipe, "--set", "evaluate.benchmarks.tasks=[gsm9k]", cwd=tmp_path, timeout=LONG)
    assert checked.returncode == 2 and "called gsm9k\n  fix: write" in checked.stderr


def benchmark_spec(folder: Path, **evaluate: Any) -> StepSpec:
    """What the first round's benchmarks are, of a recipe that needs no library for them."""
    recipe = make_recipe(evaluate={"benchmarks": {"sets": {"longer": LONGER}}, **evaluate})
    with KeyBench(recipe, make_ledger(folder, guard=lambda: None), folder) as bench:
        baseline(bench)
        (found,) = [spec for spec in bench.specs.values() if spec.stage == "benchmark"]
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"max_tokens": 9},
        {"verifier": {"kind": "exact"}},
        {"benchmarks": {"sets": {"other": LONGER}}},
        {"benchmarks": {"sets": {"longer": {**LONGER, "max_tokens": 4}}}},
        {"benchmarks": {"sets": {"longer": {**LONGER, "source": {**LONGER["source"], "seed": 1}}}}},
    ],
    ids=str,
)
def test_what_is_asked_and_how_it_is_compared_is_in_the_key(tmp_path: Path, changed: dict[str, Any]) -> None:
    before = benchmark_spec(tmp_path)
    assert "lm-eval" not in before.versions, "it has no part in sets"
    assert before.key != benchmark_spec(tmp_path, **changed).key


def test_the_champion_is_asked_when_the_experiment_ends_and_no_round_asked_it(tmp_path: Path) -> None:
    recipe = make_recipe(evaluate={"benchmarks": {"tasks": ["gsm8k"], "every": 3}})
    with KeyBench(recipe, make_ledger(tmp_path, guard=lambda: None), tmp_path) as bench:
        first = baseline(bench)
        assert first.state.champion.digest in first.state.benchmarked and "benchmark" in first.steps
        ended = first.state.model_copy(update={"stop_reason": StopReason.MAX_ROUNDS})
        assert with_champion(bench, first.model_copy(update={"state": ended})).steps == first.steps
        unknown = ended.model_copy(update={"benchmarked": ()})
        last = with_champion(bench, first.model_copy(update={"state": unknown}))
        assert last.steps[CHAMPION].stage == "benchmark"
        assert with_champion(bench, last).steps == last.steps
        open_state = unknown.model_copy(update={"stop_reason": None})
        assert CHAMPION not in with_champion(bench, first.model_copy(update={"state": open_state})).steps
