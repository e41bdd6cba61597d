"""A store written by an earlier version of the code: everything reads it, and a run over it only makes new steps.

`tests/fixtures/store_at_526152f` holds the store of a two-round experiment, its recipe, and what was in it.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from configs.schema.load import load_recipe
from configs.schema.verifiers.kinds import NumberVerifier
from flows.report.stored import open_experiment
from flows.run.plan import explain_new, make_plan
from flows.services.addresses import Addresses
from infra.store.folder import FolderStore
from tasks.core.ledger import Ledger
from tasks.core.records import Drop, Example, ItemResult, Judgement, Label, Pair, Problem, Sample, Verdict
from tasks.core.tables import read_records
from tasks.housekeeping.steps import find_step
from tasks.judge.verifiers.number import verify
from tasks.monitor.difficulty import PassRate
from tasks.report.entry import find_entry
from tests.flows.micro import selfloop

FIXTURE = Path(__file__).parents[1] / "fixtures" / "store_at_526152f"
NAME = "old"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text())
RECORDS = {
    "train": Problem, "select": Problem, "report": Problem, "warm_start": Problem, "shard": Sample, "items": ItemResult,
    "verdicts": Verdict, "judgements": Judgement, "examples": Example, "pairs": Pair, "drops": Drop,
    "pass_rates": PassRate,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder of the experiment, with its store."""
    with tarfile.open(FIXTURE / "store.tar.gz") as archive:
        archive.extractall(tmp_path / "home" / "store", filter="data")
    return tmp_path / "home"


def test_every_table_reads_as_records_of_today(home: Path) -> None:
    ledger = Ledger(FolderStore(home / "store"), home / "work", {})
    for round in EXPECTED["rounds"]:
        for stage, tables in round["table_rows"].items():
            step = find_step(ledger.store, round["steps"][stage])
            for name, count in tables.items():
                record = RECORDS[name.removesuffix(".parquet").split("-")[0]]
                assert len(list(read_records(ledger.fetch(step, name), record))) == count, (stage, name)


def test_entries_hold_the_numbers_they_held(home: Path) -> None:
    for round in EXPECTED["rounds"]:
        entry = find_entry(FolderStore(home / "store"), NAME, round["round"])
        assert entry is not None and entry.recipe == EXPECTED["recipe_digest"]
        assert entry.report.metrics == round["metrics"]
        assert (entry.report.candidate, entry.report.champion) == (round["candidate"], round["champion"])
    addresses = Addresses(home, str(home / "store"), f"sqlite:///{home}/mlflow.db", None)
    assert open_experiment(FolderStore(home / "store"), NAME, addresses).recipe.name == NAME


def test_verdicts_of_its_verifier_are_those_of_today(home: Path) -> None:
    """The reader of answers is another since then; what a sum came to is read as it was."""
    store = home / "store"
    golds = {
        row.id: row.gold for path in store.glob("**/problems/*/train.parquet") for row in read_records(path, Problem)
    }
    samples = {
        (path.parts[-4], row.id): row
        for path in store.glob("**/generate/*/shard-*.parquet")
        for row in read_records(path, Sample)
    }
    compared = 0
    for path in store.glob("**/judge/*/verdicts.parquet"):
        for verdict in read_records(path, Verdict):
            if verdict.judge == "answer" and verdict.label != Label.TRUNCATED:
                sample = samples[path.parts[-4], verdict.sample_id]
                found = verify(sample.text, golds[sample.problem_id], NumberVerifier())
                assert (found.answer, found.is_correct) == (verdict.answer, verdict.label == Label.CORRECT), sample.text
                compared += 1
    assert compared > 100


def test_a_plan_over_it_makes_new_steps_and_says_why(home: Path) -> None:
    recipe, store = load_recipe(FIXTURE / "recipe.yaml"), FolderStore(home / "store")
    plan = make_plan(recipe, store, home / "work", home)
    assert not any(step.is_reused for step in plan.steps)
    reasons = explain_new(plan, store, NAME)
    judge = next(step for step in plan.steps if step.stage == "judge")
    assert "since round 1: judge.0.verifier.locale: nothing -> en" in reasons[judge.key]
    assert any("versions.record." in line for lines in reasons.values() for line in lines)


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = selfloop(*arguments, cwd=home.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_compare_shows_the_rounds_as_they_were(home: Path) -> None:
    shown = command(home, "compare", NAME).stdout
    assert [line.split() for line in shown.splitlines()[: len(EXPECTED["compare_table"])]] == [
        line.split() for line in EXPECTED["compare_table"]
    ]


@pytest.mark.slow
def test_export_writes_its_champion(home: Path) -> None:
    command(home, "export", NAME, "--to", "model", "--merged")
    assert (home.parent / "model" / "model.safetensors").is_file()


@pytest.mark.slow
def test_housekeeping_finds_nothing_damaged(home: Path, prefect_url: str) -> None:
    done = selfloop("housekeeping", "--no-reconcile", cwd=home.parent, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "damaged" not in done.stdout.replace("0 of them damage", "")


@pytest.mark.slow
def test_a_run_over_it_makes_new_steps(home: Path, prefect_url: str) -> None:
    before = set((home / "store" / NAME).glob("round-*/*/*/record.json"))
    recipe = str(FIXTURE / "recipe.yaml")
    done = selfloop("run", recipe, "--set", "rounds.max=1", cwd=home.parent, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": reused" not in done.stdout
    after = set((home / "store" / NAME).glob("round-*/*/*/record.json"))
    assert before < after and len(after - before) == 11
