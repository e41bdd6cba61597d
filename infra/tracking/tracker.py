"""Writes to MLflow: runs, metrics, tables, and model versions (`registry.py`). Knows nothing of rounds or recipes.

Called by `tasks/report/track.py`. Everything goes by explicit ids through `MlflowClient`, never through MLflow's
"active run", which a thread or MLFLOW_RUN_ID can turn to another run. Every call may be repeated: what is there
is found and left as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from configs.errors import TrackingError
from infra.text.outside import clean_answer
from infra.tracking import entries
from infra.tracking.connect import explain_failures, is_server, without_password
from infra.tracking.evaluations import EvaluationLog

KEY_TAG = "selfloop.key"
_PARENT_TAG = "mlflow.parentRunId"
_CONTEXT_TAG = "mlflow.data.context"
_TRAINING_VIEW = {"mlflow.experimentKind": "custom_model_development"}
"""opens the experiment's page at its runs and charts; without it MLflow shows that of an agent's traces"""
_METRICS_PER_BATCH = 1000
_PARAMS_PER_BATCH = 100


class Tracker(EvaluationLog):
    """One MLflow: a server (`http://host:5000`) or a database (`sqlite:///folder/mlflow.db`).

    MLflow is imported and the place opened at the first call. Every method raises TrackingError when the place
    cannot be reached or refuses.

    Args:
        uri: the tracking URI.
        artifact_root: folder for the artifacts of new experiments; None leaves the choice to the server.
    """

    def __init__(self, uri: str, artifact_root: Path | None = None) -> None:
        super().__init__(uri)
        self.artifact_root = artifact_root

    @explain_failures
    def ping(self) -> None:
        """Ask for something small."""
        self.client.search_experiments(max_results=1)

    @explain_failures
    def ensure_experiment(self, name: str) -> str:
        """Id of the experiment of that name, made if there is none."""
        found = self.client.get_experiment_by_name(name)
        if found is None:
            folder = self.artifact_root
            location = (folder / name).absolute().as_uri() if folder and not is_server(self.uri) else None
            return self.client.create_experiment(name, artifact_location=location, tags=_TRAINING_VIEW)
        if found.lifecycle_stage != "active":
            raise TrackingError(
                f"the MLflow experiment {name} is deleted",
                f"run: mlflow experiments restore --experiment-id {found.experiment_id}; or give the recipe a new name",
            )
        return found.experiment_id

    @explain_failures
    def ensure_run(
        self,
        experiment_id: str,
        key: str,
        name: str,
        parent_run_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> str:
        """Id of the run that carries `key` in this experiment, made if there is none; parameters and tags are set.

        Args:
            key: what the run is found by again; unique in the experiment, without single quotes.
            params: logged once; see `log_params`.
            tags: replaced by these values; cut at 8000 characters.
        """
        legal, described = entries.by_legal_name(tags or {})
        texts = {tag: entries.cut(value, entries.MAX_TAG_LENGTH) for tag, value in {**legal, **described}.items()}
        found = self.client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
        if found:
            run_id, present = found[0].info.run_id, found[0].data.tags
            for tag, text in texts.items():
                if present.get(tag) != text:
                    self.client.set_tag(run_id, tag, text)
        else:
            parent = {_PARENT_TAG: parent_run_id} if parent_run_id else {}
            source = {"mlflow.source.name": "selfloop", "mlflow.source.type": "JOB"}
            made = self.client.create_run(
                experiment_id, run_name=name, tags={**source, **texts, **parent, KEY_TAG: key}
            )
            run_id = made.info.run_id
        self.log_params(run_id, params or {})
        return run_id

    @explain_failures
    def log_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Log the parameters that the run lacks; values are cut at 6000 characters. MLflow never changes one."""
        from mlflow.entities import Param

        legal, described = entries.by_legal_name(params)
        run = self.client.get_run(run_id)
        self._describe(run, described)
        new = [
            Param(name, entries.cut(value, entries.MAX_PARAM_LENGTH))
            for name, value in legal.items()
            if name not in run.data.params
        ]
        for batch in entries.in_batches(new, _PARAMS_PER_BATCH):
            self.client.log_batch(run_id, params=batch)

    @explain_failures
    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int) -> int:
        """Log the metrics that differ from what the run holds at this step, under names that MLflow takes; a tag says
        what a name was.

        Returns:
            how many were left out because they are NaN or infinite.
        """
        from mlflow.entities import Metric

        legal, described = entries.by_legal_name(metrics)
        numbers, now = entries.finite(legal), int(time.time() * 1000)
        run = self.client.get_run(run_id)
        self._describe(run, described)
        known = run.data.metrics
        new = [
            Metric(name, value, now, step)
            for name, value in numbers.items()
            if name not in known or self._value_at(run_id, name, step) != value
        ]
        for batch in entries.in_batches(new, _METRICS_PER_BATCH):
            self.client.log_batch(run_id, metrics=batch)
        return len(metrics) - len(numbers)

    def _describe(self, run: Any, described: Mapping[str, str]) -> None:
        """Say what names were before they were made legal."""
        for tag, name in described.items():
            text = entries.cut(name, entries.MAX_TAG_LENGTH)
            if run.data.tags.get(tag) != text:
                self.client.set_tag(run.info.run_id, tag, text)

    def _value_at(self, run_id: str, name: str, step: int) -> float | None:
        history = [point for point in self.client.get_metric_history(run_id, name) if point.step == step]
        return max(history, key=lambda point: point.timestamp).value if history else None

    @explain_failures
    def log_dataset(self, run_id: str, name: str, digest: str, uri: str, context: str) -> None:
        """Name a dataset the run read: MLflow keeps its digest (36 characters of it) and address, not its rows.

        Args:
            context: what it was read for, such as training; MLflow keeps one for each dataset of a run.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        kind, source = entries.dataset_source(uri)
        dataset = Dataset(name, digest[: entries.MAX_DIGEST_LENGTH], kind, source)
        present = [used.dataset for used in self.client.get_run(run_id).inputs.dataset_inputs]
        if (dataset.name, dataset.digest) not in [(known.name, known.digest) for known in present]:
            self.client.log_inputs(run_id, [DatasetInput(dataset, [InputTag(_CONTEXT_TAG, context)])])

    @explain_failures
    def log_text(self, run_id: str, text: str, path: str) -> None:
        """Write a text artifact, replacing what was there."""
        self.client.log_text(run_id, clean_answer(text)[0], path)

    def log_figure(self, run_id: str, svg: str, path: str) -> None:
        """Write a picture, given as SVG text; `path` ends in .svg."""
        self.log_text(run_id, svg, path)

    @explain_failures
    def log_table(self, run_id: str, rows: Sequence[Mapping[str, Any]], path: str) -> None:
        """Write rows (all with the same keys) as a table of MLflow's pages, replacing it; `path` ends in .json.

        MLflow's own `log_table` would append to the table that is there.
        """
        self.client.log_text(run_id, entries.table_json(rows), path)
        tag = self.client.get_run(run_id).data.tags.get(entries.TABLES_TAG)
        listed = entries.with_table(tag, path)
        if listed != tag:
            self.client.set_tag(run_id, entries.TABLES_TAG, listed)

    @explain_failures
    def finish_run(self, run_id: str, status: str = "FINISHED") -> None:
        """End a run as FINISHED, FAILED or KILLED; one that ended so keeps its time."""
        if self.client.get_run(run_id).info.status != status:
            self.client.set_terminated(run_id, status)

    def run_url(self, experiment_id: str, run_id: str) -> str | None:
        """The run's page; None where the tracking URI is a database, which has no pages of its own."""
        if not is_server(self.uri):
            return None
        return f"{without_password(self.uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
