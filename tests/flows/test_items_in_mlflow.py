"""What a round lost is found where MLflow shows evaluations, by a person with a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.core.records import ItemResult, Problem
from tasks.core.tables import read_records
from tests.flows.micro import micro_recipe, selfloop, write_recipe
from tests.servers.browser import find_chromium, read_page
from tests.servers.mlflow import mlflow_server

pytestmark = pytest.mark.slow(minutes=2)
Key = tuple[str, str]
EVEN = "def score(problem, sample):\n    return len(sample.text) % 2 == 0\n"
"""a verdict that changes with any change of the model"""


def write(folder: Path) -> Path:
    sums = {"kind": "addition", "digits": [2]}
    problems = {"train": {**sums, "num_problems": 16}, "select": {**sums, "num_problems": 12},
                "report": {**sums, "num_problems": 12}}  # fmt: skip
    (folder / "even.py").write_text(EVEN)
    verifier = {"kind": "python", "function": "even.py:score"}
    recipe = micro_recipe(problems=problems, rounds={"max": 1}, evaluate={"verifier": verifier},
                          judge=[{"kind": "answer", "verifier": verifier}])  # fmt: skip
    recipe["warm_start"]["epochs"] = 5
    recipe["train"] |= {"epochs": 20, "learning_rate": 0.02}
    return write_recipe(folder, recipe)


def results(store: Path, round: int) -> dict[Key, ItemResult]:
    (path,) = store.glob(f"micro/round-{round:03d}/evaluate/*/items.parquet")
    return {(item.suite, item.problem_id): item for item in read_records(path, ItemResult)}


def texts(store: Path) -> dict[Key, str]:
    (folder,) = store.glob("micro/round-000/problems/*/")
    return {
        (suite, problem.id): problem.messages[-1].content
        for suite in ("select", "report")
        for problem in read_records(folder / f"{suite}.parquet", Problem)
    }


def by_item(client: Any, experiment: str, run: str) -> Mapping[str, Any]:
    """Traces of a run by the item that they are of."""
    of_run = f"metadata.`mlflow.sourceRun` = '{run}'"
    found = client.search_traces(locations=[experiment], filter_string=of_run, include_spans=False)
    return {trace.info.tags["selfloop.item"]: trace.info for trace in found}


def test_a_lost_item_is_on_the_page_of_evaluation_runs(tmp_path: Path, prefect_url: str) -> None:
    find_chromium()
    from mlflow import MlflowClient

    recipe, store = write(tmp_path), tmp_path / "home" / "store"
    with mlflow_server(tmp_path) as uri:
        done = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url, MLFLOW_TRACKING_URI=uri, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        before, now, asked = results(store, 0), results(store, 1), texts(store)
        lost = [key for key in now if before[key].is_correct and not now[key].is_correct]
        assert lost and len(lost) < len(now), "some, and not all"

        client = MlflowClient(uri)
        found = client.get_experiment_by_name("micro")
        assert found is not None
        experiment = found.experiment_id
        runs = {run.info.run_name: run.info.run_id for run in client.search_runs([experiment])}
        first, second = (runs[f"micro round {number}"] for number in (0, 1))
        traces = by_item(client, experiment, second)
        assert set(traces) == {"/".join(key) for key in now} == set(by_item(client, experiment, first))
        said = {name: {one.name: one.value for one in info.assessments} for name, info in traces.items()}
        assert {name for name, told in said.items() if told["change"] == "lost"} == {"/".join(key) for key in lost}
        one = "/".join(lost[0])
        assert said[one]["correct"] is False and said[one]["label before"] == "correct"
        assert said[one]["output before"] == before[lost[0]].text and traces[one].response_preview == now[lost[0]].text

        tables = {
            name: json.loads(
                Path(client.download_artifacts(second, f"eval_{name}_table.json", str(tmp_path))).read_text()
            )
            for name in ("results", "lost")
        }
        columns = tables["lost"]["columns"]
        rows = [dict(zip(columns, row, strict=True)) for row in tables["lost"]["data"]]
        assert [(row["suite"], row["problem_id"]) for row in rows] == lost
        assert len(tables["results"]["data"]) == len(now) and tables["results"]["data"][: len(rows)] == [
            list(row.values()) for row in rows
        ]

        again = selfloop("sync", "micro", cwd=tmp_path, MLFLOW_TRACKING_URI=uri, timeout=900)
        assert again.returncode == 0, again.stderr
        assert {name: info.trace_id for name, info in by_item(client, experiment, second).items()} == {
            name: info.trace_id for name, info in traces.items()
        }
        page = f"{uri}/#/experiments/{experiment}/evaluation-runs?selectedRunUuid={second}&compareToRunUuid={first}"
        text = read_page(page, "Comparing", "lost", asked[lost[0]])
        assert "Comparing" in text and asked[lost[0]] in text, text[:3000]
        share = f"lost {100 * len(lost) / len(now):.0f}%"
        assert share.replace("lost ", "") in text and "lost" in text
        own = read_page(f"{uri}/#/experiments/{experiment}/runs/{second}/traces", "lost", asked[lost[0]])
        assert asked[lost[0]] in own and "lost" in own
