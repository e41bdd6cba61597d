"""A finished experiment, seen from every side a user has: store, Prefect, MLflow, files, and the commands."""

from __future__ import annotations

import json
import os
import shutil
from math import comb
from pathlib import Path

import pytest

from tasks.core.records import ItemResult, Verdict
from tasks.core.tables import read_records
from tests.flows.api import ask
from tests.flows.micro import micro_recipe, selfloop, write_recipe

pytestmark = pytest.mark.slow(minutes=3)
STAGES = ("generate", "judge", "select", "monitor", "train", "evaluate", "decide")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Path:
    """Where a two-round experiment has been run."""
    folder = tmp_path_factory.mktemp("finished")
    recipe = micro_recipe(evaluate={"pass_at": {"num_samples": 4, "k": [1, 2], "temperature": 2.0}})
    done = selfloop("run", write_recipe(folder, recipe), cwd=folder, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "stdout.txt").write_text(done.stdout)
    return folder


def store(folder: Path) -> Path:
    return folder / "home" / "store" / "micro"


def entry(folder: Path, round: int) -> dict:
    return json.loads((store(folder) / "reports" / f"round-{round:03d}.json").read_text())


def test_the_run_ends_with_the_table_and_says_where_to_look(folder: Path) -> None:
    shown = (folder / "stdout.txt").read_text()
    assert "round  model" in shown
    assert "home/reports/micro.html" in shown
    assert "selfloop ui   (and Prefect)" in shown
    page = (folder / "home" / "reports" / "micro.html").read_text()
    assert "<svg" in page


def test_every_stage_of_every_round_has_one_record(folder: Path) -> None:
    found = {(path.parts[-4], path.parts[-3]) for path in store(folder).glob("round-*/*/*/record.json")}
    rounds = {(f"round-00{number}", stage) for number in (1, 2) for stage in STAGES}
    assert found == rounds | {("round-000", stage) for stage in ("problems", "base", "warm_start", "evaluate")}


def test_a_round_makes_one_generator_load_and_one_trainer_load(folder: Path) -> None:
    for number in (1, 2):
        metrics = entry(folder, number)["report"]["metrics"]
        assert (metrics["generator_loads"], metrics["trainer_loads"]) == (1, 1)


def test_pass_at_k_is_reported(folder: Path) -> None:
    (path,) = store(folder).glob("round-002/evaluate/*/items.parquet")
    items = [item for item in read_records(path, ItemResult) if item.suite == "report"]
    metrics = entry(folder, 2)["report"]["metrics"]
    assert [item.num_draws for item in items] == [4] * 5
    assert any(0 < item.num_correct < 4 for item in items), "pass@1 and pass@2 have to differ"
    assert metrics["report_pass_at_1"] == pytest.approx(sum(item.num_correct for item in items) / 20)
    of_two = [1 - comb(4 - item.num_correct, 2) / comb(4, 2) for item in items]
    assert metrics["report_pass_at_2"] == pytest.approx(sum(of_two) / 5)


def test_rest_em_trains_from_the_seed_each_round_on_that_rounds_samples(folder: Path) -> None:
    seed = json.loads(next(store(folder).glob("round-000/warm_start/*/record.json")).read_text())["key"]
    for number in (1, 2):
        train = json.loads(next(store(folder).glob(f"round-00{number}/train/*/record.json")).read_text())
        select = json.loads(next(store(folder).glob(f"round-00{number}/select/*/record.json")).read_text())
        inputs = train["payload"]["inputs"]
        assert (inputs["model"], inputs["reference"], inputs["rows"]) == (seed, None, [select["key"]])


def test_the_resolved_recipe_lies_with_the_experiment(folder: Path) -> None:
    text = (store(folder) / "recipe.yaml").read_text()
    assert "max_grad_norm: 1.0" in text
    assert (store(folder) / "recipes" / f"{entry(folder, 0)['recipe']}.yaml").read_text() == text


def test_running_again_reuses_everything(folder: Path, prefect_url: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in store(folder).rglob("record.json")}
    done = selfloop("run", "recipe.yaml", cwd=folder, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": reused") == 4 + 2 * len(STAGES)
    assert {path: path.stat().st_mtime_ns for path in store(folder).rglob("record.json")} == before
    assert entry(folder, 2)["report"]["metrics"]["generator_loads"] == 1


def test_prefect_shows_runs_rounds_and_reused_stages(folder: Path, prefect_url: str) -> None:
    runs = ask("POST", f"{prefect_url}/flow_runs/filter", {})
    names = {run["name"] for run in runs}
    assert {"improve/micro", "micro round 0", "micro round 1", "micro round 2"} <= names
    tasks = ask("POST", f"{prefect_url}/task_runs/filter", {"limit": 200})
    states = {(task["name"], task["state_name"]) for task in tasks}
    assert ("round 2 \u00b7 judge", "Completed") in states
    assert ("round 2 \u00b7 judge", "Reused") in states
    keys = ["micro-round-0", "micro-round-1", "micro-round-2"]
    artifacts = ask("POST", f"{prefect_url}/artifacts/filter", {"artifacts": {"key": {"any_": keys}}})
    assert {artifact["key"] for artifact in artifacts} == set(keys)


def test_another_judge_leaves_the_samples_alone(folder: Path, prefect_url: str) -> None:
    judge = "judge=[{kind: answer, verifier: {kind: exact, pattern: '.*?([0-9]+)$'}}]"
    done = selfloop(
        "run", "recipe.yaml", "--set", judge, "--set", "rounds.max=1", cwd=folder, PREFECT_API_URL=prefect_url
    )
    assert done.returncode == 0, done.stderr
    assert "round 1 generate: reused" in done.stdout
    assert "round 1 judge: reused" not in done.stdout
    again = selfloop("run", "recipe.yaml", cwd=folder, PREFECT_API_URL=prefect_url)
    assert again.returncode == 0, again.stderr


def mlflow_client(folder: Path, database: str = "mlflow.db"):  # type: ignore[no-untyped-def]
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{folder}/home/{database}")


def test_mlflow_has_a_parent_run_a_child_a_round_and_a_champion(folder: Path) -> None:
    client = mlflow_client(folder)
    experiment = client.get_experiment_by_name("micro")
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert {run.info.run_name for run in children} == {"micro round 0", "micro round 1", "micro round 2"}
    history = client.get_metric_history(parents[0].info.run_id, "select_accuracy")
    assert {point.step for point in history} >= {0, 1}
    champion = client.get_model_version_by_alias("micro", "champion")
    assert champion.source.startswith(str(folder / "home" / "store"))


def test_sync_rebuilds_mlflow_from_the_store(folder: Path) -> None:
    done = selfloop("sync", cwd=folder, MLFLOW_TRACKING_URI=f"sqlite:///{folder}/home/second.db")
    assert done.returncode == 0, done.stderr
    assert "micro: 3 rounds are in MLflow" in done.stdout
    client = mlflow_client(folder, "second.db")
    runs = client.search_runs([client.get_experiment_by_name("micro").experiment_id])
    assert len([run for run in runs if "mlflow.parentRunId" in run.data.tags]) == 3


def test_compare_writes_a_page_that_needs_no_network(folder: Path) -> None:
    done = selfloop("compare", "micro", "--out", "page.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    page = (folder / "page.html").read_text()
    assert "round-2" in done.stdout
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_export_gives_the_champions_files(folder: Path) -> None:
    done = selfloop("export", "micro", "--to", "taken", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "taken" / "model.safetensors").stat().st_size > 0
    again = selfloop("export", "micro", "--to", "taken", cwd=folder)
    assert again.returncode == 2
    assert "is not an empty folder" in again.stderr


def test_plan_of_a_finished_experiment_has_nothing_new(folder: Path) -> None:
    done = selfloop("plan", "recipe.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "everything is reused: nothing to compute" in done.stdout


def test_plan_of_a_longer_experiment_counts_the_rounds_to_come(folder: Path) -> None:
    done = selfloop("plan", "recipe.yaml", "--set", "rounds.max=4", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "round 2  evaluate       reused" in done.stdout
    assert "trainer loads     2" in done.stdout
    assert "192 to train on" in done.stdout


def first_step(folder: Path, stage: str) -> Path:
    """Round 1's step of the recipe as it stands: other tests have run it with other settings since."""
    records = store(folder).glob(f"round-001/{stage}/*/record.json")
    return min(records, key=lambda path: path.stat().st_mtime).parent


def test_stages_run_on_files_and_agree_with_the_run(folder: Path) -> None:
    samples = first_step(folder, "generate") / "shard-00000.parquet"
    done = selfloop("stage", "judge", "recipe.yaml", "--in", samples, "--out", "v.parquet", cwd=folder)
    assert done.returncode == 0, done.stderr
    ours = list(read_records(folder / "v.parquet", Verdict))
    published = first_step(folder, "judge") / "verdicts.parquet"
    assert ours == list(read_records(published, Verdict))
    assert "num_samples              96" in done.stdout
    done = selfloop("stage", "select", "recipe.yaml", "--in", samples, "--verdicts", "v.parquet", "--out", "e.parquet",
                    cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "e.parquet").exists()


def test_generate_train_and_evaluate_run_on_files(folder: Path) -> None:
    model = next(store(folder).glob("round-000/warm_start/*/model"))
    done = selfloop("stage", "generate", "recipe.yaml", "--model", model, "--out", "s.parquet", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "num_samples              96" in done.stdout
    examples = next(store(folder).glob("round-002/select/*/examples.parquet"))
    done = selfloop("stage", "train", "recipe.yaml", "--in", examples, "--model", model, "--out", "trained", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = selfloop("stage", "evaluate", "recipe.yaml", "--model", "trained", "--out", "i.parquet", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "select_accuracy" in done.stdout


def test_doctor_finds_nothing_missing(folder: Path) -> None:
    done = selfloop("doctor", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "transformers can run" in done.stdout
    assert "takes writes" in done.stdout


def test_doctor_names_what_cannot_be_reached(tmp_path: Path) -> None:
    done = selfloop(
        "doctor", cwd=tmp_path, MLFLOW_TRACKING_URI="http://127.0.0.1:9", PREFECT_API_URL="http://127.0.0.1:9/api"
    )
    assert done.returncode == 1
    assert done.stdout.count("FAIL") == 2
    assert "unset PREFECT_API_URL" in done.stdout


def test_mlflow_down_does_not_stop_a_run(folder: Path, tmp_path: Path, prefect_url: str) -> None:
    shutil.copytree(folder / "home" / "store", tmp_path / "home" / "store")
    shutil.copy(folder / "recipe.yaml", tmp_path)
    done = selfloop(
        "run", "recipe.yaml", cwd=tmp_path, PREFECT_API_URL=prefect_url, MLFLOW_TRACKING_URI="http://127.0.0.1:9"
    )
    assert done.returncode == 0, done.stderr
    assert "selfloop sync" in done.stdout + done.stderr


def test_help_answers_within_a_second(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        before = os.times()
        assert selfloop("--help", cwd=tmp_path).returncode == 0
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 1.0
