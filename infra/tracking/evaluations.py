"""Items of evaluations, where MLflow 3 shows them: the page of evaluation runs, and of each run's traces.

An item is a trace of its run: what was asked, what was answered, what stands beside it (MLflow's expectations) and what
is said of it (feedback). Two runs are compared there item by item, and filtered by feedback. A part of `tracker.py`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.text.outside import clean_answer
from infra.tracking.connect import explain_failures
from infra.tracking.registry import ModelRegistry

ITEMS_TAG = "selfloop.items"
MAX_PREVIEW = 1000
"""characters of a question and of an answer that MLflow's database takes"""
_SOURCE_RUN = "mlflow.sourceRun"
_TRACE_NAME = "mlflow.traceName"


@dataclass(frozen=True)
class EvaluatedItem:
    """One item of an evaluation.

    Attributes:
        name: unique in its run.
        asked: the same in every run, so that runs can be compared.
        beside: by name, texts that stand beside the answer: what is right, what another model said.
        feedback: by name, what is said of the answer.
    """

    name: str
    asked: str
    answered: str
    beside: Mapping[str, str]
    feedback: Mapping[str, bool | str]


class EvaluationLog(ModelRegistry):
    """Writes items of evaluations."""

    @explain_failures
    def has_items(self, run_id: str, digest: str) -> bool:
        """Whether a run's items were written to the end."""
        return bool(self.client.get_run(run_id).data.tags.get(ITEMS_TAG) == digest)

    @explain_failures
    def log_items(self, experiment_id: str, run_id: str, items: Sequence[EvaluatedItem], digest: str) -> None:
        """Write items, the first of them shown first; what was written before is replaced.

        Args:
            digest: told by `has_items` once all are there.
        """
        from mlflow.tracing.client import TracingClient

        tracing, now = TracingClient(self.uri), int(time.time() * 1000)
        for place, item in enumerate(items):
            tracing.start_trace(_trace(experiment_id, run_id, item, now - place))
        self.client.set_tag(run_id, ITEMS_TAG, digest)


def _trace(experiment_id: str, run_id: str, item: EvaluatedItem, milliseconds: int) -> Any:
    """The item as MLflow's entity; its ids depend on run and item alone."""
    from mlflow.entities import AssessmentSource, Expectation, Feedback, TraceInfo, TraceLocation, TraceState

    name = f"tr-{hashlib.sha256(f'{run_id}/{item.name}'.encode()).hexdigest()[:32]}"
    source = AssessmentSource("CODE", "selfloop")
    said: list[Any] = [
        Feedback(name=told, value=value, source=source, trace_id=name) for told, value in item.feedback.items()
    ]
    said += [
        Expectation(name=told, value=_preview(value), source=source, trace_id=name)
        for told, value in item.beside.items()
    ]
    for one in said:
        one.assessment_id = f"a-{hashlib.sha256(f'{name}/{one.name}'.encode()).hexdigest()[:32]}"
    return TraceInfo(
        trace_id=name,
        trace_location=TraceLocation.from_experiment_id(experiment_id),
        request_time=milliseconds,
        execution_duration=0,
        state=TraceState.OK,
        request_preview=_preview(item.asked),
        response_preview=_preview(item.answered),
        trace_metadata={_SOURCE_RUN: run_id},
        tags={_TRACE_NAME: "item", "selfloop.item": _writable(item.name)},
        assessments=said,
    )


def _preview(text: str) -> str:
    whole = _writable(text)
    return whole if len(whole) <= MAX_PREVIEW else f"{whole[: MAX_PREVIEW - 3]}..."


def _writable(text: str) -> str:
    return clean_answer(text)[0]
