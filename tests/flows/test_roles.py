"""Several models learn at once: each has its own steps, its own states, and its own line in the table of rounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.store.files import sha256_of
from tasks.core.records import Example
from tasks.core.tables import read_records
from tests.flows.micro import micro_recipe, selfloop, write_recipe

pytestmark = pytest.mark.slow(minutes=3)
SUMS = {"kind": "addition", "digits": [1], "num_problems": 24}


def two_roles() -> dict[str, Any]:
    """A critic that learns from pairs and judges every round, and a scribe that imitates, from a seed of its own."""
    recipe = micro_recipe()
    tuned = {name: recipe["train"][name] for name in ("learning_rate", "batch_size", "max_length", "schedule", "tune")}
    dpo = {"objective": {"kind": "dpo"}, "pair": {"kind": "right_vs_wrong"}, "max_steps": 2, "start_from": "previous"}
    weigh = {"kind": "by_problem"}
    scribe = {"start_from": "seed", "epochs": 1, "data": "accumulate", "weigh": weigh, **tuned}
    implicit = {"kind": "implicit", "role": "critic", "reference": "base"}
    return recipe | {
        "generate": recipe["generate"] | {"num_samples": 12, "temperature": 1.5},  # some problems right and wrong
        "judge": [{"kind": "answer"}, implicit],
        "roles": {
            "critic": {"like": "policy", "train": {**tuned, **dpo, "learning_rate": 1e-4}},
            "scribe": {"like": "policy", "warm_start": {"source": SUMS, "epochs": 5, **tuned}, "train": scribe},
        },
        "evaluate": {"best_of": {"num_samples": 4, "k": [4], "judge": {**implicit, "frozen": "live"}}},
        "guards": [{"metric": "role_critic_num_rows", "below": 1, "action": "stop"}],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Path:
    folder = tmp_path_factory.mktemp("roles")
    done = selfloop("run", write_recipe(folder, two_roles()), cwd=folder, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "stdout.txt").write_text(done.stdout)
    return folder


def record(folder: Path, round: int, stage: str) -> dict[str, Any]:
    (path,) = (folder / "home" / "store" / "micro").glob(f"round-{round:03d}/{stage}/*/record.json")
    return json.loads(path.read_text())


def state(folder: Path, round: int) -> dict[str, Any]:
    path = folder / "home" / "store" / "micro" / "reports" / f"round-{round:03d}.json"
    return json.loads(path.read_text())["state"]


def test_every_model_is_begun_selected_for_and_trained_by_steps_of_its_own(folder: Path) -> None:
    store = folder / "home" / "store" / "micro"
    begun = {path.parts[-3] for path in store.glob("round-000/*/*/record.json")}
    assert begun == {"problems", "base", "warm_start", "warm_start_scribe", "evaluate"}
    for number in (1, 2):
        stages = {path.parts[-3] for path in store.glob(f"round-00{number}/*/*/record.json")}
        assert stages == {"generate", "judge", "select", "select_critic", "select_scribe", "monitor", "train",
                          "train_critic", "train_scribe", "evaluate", "decide"}  # fmt: skip


def test_each_starts_where_its_own_section_says(folder: Path) -> None:
    policy, own = record(folder, 0, "warm_start")["key"], record(folder, 0, "warm_start_scribe")["key"]
    assert policy != own
    starts = {
        name: [record(folder, number, f"train_{name}")["payload"]["inputs"]["model"] for number in (1, 2)]
        for name in ("critic", "scribe")
    }
    assert starts == {"critic": [policy, record(folder, 1, "train_critic")["key"]], "scribe": [own, own]}
    rows = record(folder, 2, "train_scribe")["payload"]["inputs"]["rows"]
    assert rows == [record(folder, number, "select_scribe")["key"] for number in (1, 2)]


def test_a_role_weighs_its_examples_and_the_policy_does_not(folder: Path) -> None:
    for stage, are_equal in (("select", True), ("select_scribe", False)):
        (path,) = (folder / "home" / "store" / "micro").glob(f"round-001/{stage}/*/examples.parquet")
        rows = list(read_records(path, Example))
        totals: dict[str, float] = {}
        for row in rows:
            totals[row.problem_id] = totals.get(row.problem_id, 0.0) + row.weight
        assert len(rows) > len(totals), "some problem has more than one example"
        assert ({row.weight for row in rows} == {1.0}) == are_equal
        assert (max(totals.values()) - min(totals.values()) > 0.1) == are_equal


def test_a_roles_model_is_taken_away(folder: Path) -> None:
    done = selfloop("export", "micro", "--role", "critic", "--to", "taken", cwd=folder)
    assert "critic-2 of micro: whole weights in taken" in done.stdout, done.stderr
    made = {file["name"]: file["sha256"] for file in record(folder, 2, "train_critic")["files"]}
    assert sha256_of(folder / "taken" / "model.safetensors") == made["model/model.safetensors"]
    refused = selfloop("export", "micro", "--role", "nobody", "--to", "nowhere", cwd=folder)
    assert refused.returncode == 2 and "write one of critic, scribe" in refused.stderr
    assert not (folder / "nowhere").exists()


def test_a_round_is_judged_by_what_the_round_before_trained(folder: Path) -> None:
    first, second = (record(folder, number, "judge")["payload"]["config"]["asked"]["implicit"] for number in (1, 2))
    assert first["models"][""] == record(folder, 0, "warm_start")["key"]
    assert second["models"][""] == record(folder, 1, "train_critic")["key"]
    ranked = record(folder, 2, "evaluate")["payload"]["config"]["best_of"]["implicit"]
    assert ranked["models"][""] == record(folder, 2, "train_critic")["key"]


def test_the_state_knows_every_model(folder: Path) -> None:
    models = state(folder, 2)["models"]
    assert {name: chain["current"]["name"] for name, chain in models.items()} == {
        "policy": "round-2", "critic": "critic-2", "scribe": "scribe-2"
    }  # fmt: skip
    assert models["scribe"]["seed"]["name"] == "scribe-seed"
    assert models["critic"]["previous"]["name"] == "critic-1"


def test_the_table_has_a_line_for_each_role(folder: Path) -> None:
    lines = [line.split() for line in (folder / "stdout.txt").read_text().splitlines()]
    shown = [(line[0], line[1], line[-1]) for line in lines if len(line) > 6 and line[0] in ("1", "2")]
    assert shown == [
        (round, model, word)
        for round in ("1", "2")
        for model, word in (
            (f"round-{round}", "promoted"), (f"critic-{round}", "trained"), (f"scribe-{round}", "trained")
        )
    ]  # fmt: skip


def test_running_again_reuses_every_step_of_every_model(folder: Path, prefect_url: str) -> None:
    planned = selfloop("plan", "recipe.yaml", cwd=folder)
    assert "everything is reused: nothing to compute" in planned.stdout
    done = selfloop("run", "recipe.yaml", cwd=folder, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": reused") == 5 + 2 * 11


def test_what_a_role_learns_from_is_nothing_to_the_policy(folder: Path) -> None:
    planned = selfloop("plan", "recipe.yaml", "--set", "roles.scribe.train.select=[{kind: judged}]", cwd=folder)
    states = {tuple(line.split()[:4])[1:] for line in planned.stdout.splitlines() if line.startswith("  round ")}
    assert {("1", "select", "reused"), ("1", "train", "reused"), ("1", "train_critic", "reused")} <= states
    assert {("1", "select_scribe", "new"), ("1", "train_scribe", "new")} <= states


def test_a_role_without_rows_stays_as_it_is_and_the_run_says_so(folder: Path, prefect_url: str, tmp_path: Path) -> None:
    recipe = two_roles() | {"guards": [], "rounds": {"max": 1}}
    recipe["roles"]["critic"]["train"]["min_examples"] = 10_000
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "round 1 train critic: left as it is, with" in done.stdout
    assert state(tmp_path, 1)["models"]["critic"]["current"]["name"] == "seed"
    assert any(line.split()[:2] == ["1", "seed"] and line.endswith("left as it is") for line in
               map(str.rstrip, done.stdout.splitlines()))  # fmt: skip
