"""Rounds in a real MLflow: the same claims for a database and for a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.schema.load import check_recipe
from configs.schema.marks import as_written, identity
from configs.schema.recipe import Recipe
from infra.tracking.tracker import Tracker
from tasks.core.step import digest, flatten
from tasks.report.html import render_report
from tasks.report.rounds import ExperimentReport, SampleRow
from tasks.report.track import (
    Tracked,
    TrackedDataset,
    TrackedModel,
    finish_experiment,
    track_experiment,
    track_round,
)
from tests.flows.micro import micro_recipe
from tests.servers.mlflow import mlflow_server
from tests.tasks.report.example import baseline, experiment_report, sample_rows, trained
from tests.tasks.report.test_monitors import watched

pytestmark = pytest.mark.slow


def recipe(name: str, **sections: Any) -> Recipe:
    return check_recipe(micro_recipe(name=name, **sections))


def track(tracker: Tracker, own: Recipe) -> Tracked:
    return track_experiment(tracker, own, digest(identity(own, as_written))[:12])


@pytest.fixture(scope="module", params=["database", "server"])
def tracker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "database":
        yield Tracker(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")
    else:
        with mlflow_server(folder) as uri:
            yield Tracker(uri)


def write(tracker: Tracker, report: ExperimentReport) -> Tracked:
    """What `run` and `sync` do, for the rounds of a report."""
    tracked = track(tracker, recipe(report.name))
    for number, entry in enumerate(report.rounds):
        digest = f"{report.name}-{number}"
        track_round(
            tracker,
            tracked,
            entry,
            sample_rows(250) if number else (),
            [TrackedDataset("problems", "cd" * 32, "s3://bucket/problems.parquet", "report")],
            TrackedModel(f"s3://bucket/{digest}/adapter", digest) if number else None,
        )
    finish_experiment(tracker, tracked, report, render_report([report]))
    return tracked


def state(tracker: Tracker, name: str) -> dict[str, Any]:
    """Everything MLflow holds of an experiment, but the clock."""
    client = tracker.client
    experiment_id = tracker.ensure_experiment(name)
    runs = {run.info.run_id: run for run in client.search_runs([experiment_id])}
    histories = {
        (run_id, metric): [(p.step, p.value, p.timestamp) for p in client.get_metric_history(run_id, metric)]
        for run_id, run in runs.items()
        for metric in run.data.metrics
    }
    versions = client.search_model_versions(f"name = '{name}'")
    return {
        "tags": {run_id: run.data.tags for run_id, run in runs.items()},
        "params": {run_id: run.data.params for run_id, run in runs.items()},
        "ends": {run_id: (run.info.status, run.info.end_time) for run_id, run in runs.items()},
        "inputs": {run_id: len(run.inputs.dataset_inputs) for run_id, run in runs.items()},
        "histories": histories,
        "versions": {version.version: (version.source, version.tags, version.run_id) for version in versions},
        "aliases": client.get_registered_model(name).aliases,
    }


def children(tracker: Tracker, tracked: Tracked) -> dict[int, Any]:
    found = tracker.client.search_runs([tracked.experiment_id], f"tags.`mlflow.parentRunId` = '{tracked.run_id}'")
    return {int(run.data.tags["round"]): run for run in found}


def test_the_parent_holds_one_curve_a_metric(tracker: Tracker) -> None:
    tracked = write(tracker, experiment_report("curves"))
    history = tracker.client.get_metric_history(tracked.run_id, "report_accuracy")
    assert [(point.step, point.value) for point in history] == [(0, 0.19), (1, 0.79), (2, 0.75)]
    parent = tracker.client.get_run(tracked.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.params == flatten(identity(recipe("demo"), as_written))
    assert parent.data.params["train.tune.kind"] == "full" and "engine.batch_size" not in parent.data.params
    files = {"figures", "recipe.yaml", "report.html", "rounds.md"}
    assert {file.path for file in tracker.client.list_artifacts(tracked.run_id)} == files


def test_each_round_is_a_child_with_its_own_facts(tracker: Tracker) -> None:
    report = experiment_report("children")
    first, second, third = report.rounds
    rounds = [first, second, third.model_copy(update={"phase": "prefer"})]
    tracked = write(tracker, report.model_copy(update={"rounds": rounds}))
    found = children(tracker, tracked)
    assert (found[2].data.tags["phase"], "phase" in found[0].data.tags) == ("prefer", False)
    assert sorted(found) == [0, 1, 2]
    assert found[2].data.tags["action"] == "keep_incumbent"
    assert found[2].data.tags["step.judge"] == "children/round-002/judge/bbbbbbbbbbbb"
    assert found[1].data.metrics["dropped_wrong"] == 600
    assert found[1].data.params["train.epochs"] == "2.0"
    assert found[1].inputs.dataset_inputs[0].dataset.digest == "cd" * 18
    run_id = found[1].info.run_id
    table = json.loads(Path(tracker.client.download_artifacts(run_id, "samples.json")).read_text())
    assert table["columns"] == list(SampleRow.model_fields)
    assert len(table["data"]) == 200
    figure = Path(tracker.client.download_artifacts(run_id, "figures/kept_and_dropped.svg")).read_text()
    assert figure.startswith("<svg")


def test_model_versions_point_to_the_store_and_aliases_say_who_won(tracker: Tracker) -> None:
    tracked = write(tracker, experiment_report("models"))
    client = tracker.client
    champion = client.get_model_version_by_alias("models", "champion")
    candidate = client.get_model_version_by_alias("models", "candidate")
    assert (champion.source, candidate.source) == ("s3://bucket/models-1/adapter", "s3://bucket/models-2/adapter")
    assert champion.run_id == children(tracker, tracked)[1].info.run_id
    assert set(client.get_registered_model("models").aliases) == {"champion", "candidate", "round-1", "round-2"}


def test_writing_twice_changes_nothing_and_says_nothing(tracker: Tracker, capfd: pytest.CaptureFixture[str]) -> None:
    write(tracker, experiment_report("twice"))
    assert capfd.readouterr() == ("", "")
    before = state(tracker, "twice")
    write(tracker, experiment_report("twice"))
    assert state(tracker, "twice") == before


def test_while_old_rounds_pass_again_the_champion_never_falls_back(tracker: Tracker) -> None:
    report = experiment_report("again")
    better = report.model_copy(update={"rounds": [*report.rounds[:2], trained(2, 0.9, "promote", "again")]})
    tracked = write(tracker, better)
    track_round(tracker, tracked, report.rounds[1], model=TrackedModel("s3://bucket/again-1/adapter", "again-1"))
    assert tracker.client.get_model_version_by_alias("again", "champion").source == "s3://bucket/again-2/adapter"


def test_more_rounds_continue_the_curve_and_an_edited_recipe_starts_another(tracker: Tracker) -> None:
    short = write(tracker, experiment_report("edited"))
    longer = track(tracker, recipe("edited", rounds={"max": 9}))
    elsewhere = track(tracker, recipe("edited", engine={"kind": "transformers", "devices": ["cpu", "cpu"]}))
    edited = track(tracker, recipe("edited", seed=1))
    assert elsewhere.run_id == short.run_id
    assert longer.run_id == short.run_id != edited.run_id
    assert edited.experiment_id == short.experiment_id


def test_a_baseline_alone_can_be_written(tracker: Tracker, tmp_path: Path) -> None:
    report = ExperimentReport(name="start", rounds=[baseline("start")])
    tracked = track(tracker, recipe("start"))
    weights = TrackedModel(str(tmp_path), "seed-digest")
    run_id = track_round(tracker, tracked, report.rounds[0], model=weights)
    finish_experiment(tracker, tracked, report)
    assert tracker.client.get_run(run_id).data.tags["action"] == "baseline"
    champion = tracker.client.get_model_version_by_alias("start", "champion")
    assert champion.source in (str(tmp_path), f"folder://{tmp_path}")


def test_monitors_become_curves_and_figures_and_guards_a_note(tracker: Tracker) -> None:
    rounds = [baseline("watched"), watched(1, sameness=0.99)]
    report = ExperimentReport(
        name="watched", rounds=[one.model_copy(update={"experiment": "watched"}) for one in rounds]
    )
    tracked = write(tracker, report)
    parent = tracker.client.get_run(tracked.run_id)
    assert parent.data.metrics["judge_mode_share"] == 0.99
    assert parent.data.metrics["explore_pass_at_8_4"] == 0.2
    assert "explore_pass_at_4" not in parent.data.metrics
    child = children(tracker, tracked)[1]
    assert child.data.metrics["explore_pass_at_4"] == 0.5
    assert "judge_mode_share is 0.99" in child.data.tags["mlflow.note.content"]
    files = {file.path for file in tracker.client.list_artifacts(child.info.run_id, "figures")}
    assert {
        "figures/balance.svg",
        "figures/scores_of_the_judges.svg",
        "figures/difficulty_of_what_was_kept.svg",
    } <= files


def test_settings_are_flat_with_dotted_addresses() -> None:
    tree = {"a": 1, "b": {"c": None, "d": [1, 2]}, "e": [{"kind": "x"}, {"kind": "y", "n": 2}], "f": []}
    items = {"e.0.kind": "x", "e.1.kind": "y", "e.1.n": "2"}
    assert flatten(tree) == {"a": "1", "b.c": "None", "b.d": "[1, 2]", **items, "f": "[]"}
