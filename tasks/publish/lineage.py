"""What was trained on what: the policy's models of an experiment, as the records of their training say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.store.base import Store
from tasks.housekeeping.steps import read_step
from tasks.report.entry import ReportEntry

MAKERS = ("train", "segment")
"""stages that make a round's model"""


@dataclass(frozen=True)
class Trained:
    """How a round's model was made.

    Attributes:
        model, start: names: the model, and the one that its training began with.
        digest: of the model; the key of the step that trained it.
        rounds: whose kept samples it was trained on.
        num_rows: rows of training; None where its record does not say.
        is_taken: it leads to the model that is published.
    """

    round: int
    model: str
    start: str
    digest: str
    rounds: tuple[int, ...]
    num_rows: int | None
    is_taken: bool = False


def what_was_trained(store: Store, entries: Sequence[ReportEntry], taken: str) -> list[Trained]:
    """Every round's model, in order; rounds that trained none, or whose record was cleared away, are left out.

    Args:
        taken: digest of the model that is published.
    """
    names = _names(entries)
    selections = _selections(entries)
    made: dict[str, tuple[ReportEntry, dict[str, Any], Mapping[str, Any]]] = {}
    for entry in entries:
        stage = next((stage for stage in MAKERS if stage in entry.report.steps), None)
        if entry.model is None or stage is None or store.read(f"{entry.report.steps[stage]}/record.json") is None:
            continue
        published = read_step(store, entry.report.steps[stage])
        made[entry.model.digest] = entry, published.payload["inputs"], published.step.summary
    chain = set()
    while taken in made:
        chain.add(taken)
        taken = made[taken][1]["model"]
    return [
        Trained(
            round=entry.report.round,
            model=names[digest],
            start=names.get(inputs["model"], inputs["model"][:12]),
            digest=digest,
            rounds=tuple(selections[key] for key in inputs["rows"]) if "rows" in inputs else (entry.report.round,),
            num_rows=_count(summary),
            is_taken=digest in chain,
        )
        for digest, (entry, inputs, summary) in made.items()
    ]


def _count(summary: Mapping[str, Any]) -> int | None:
    found = summary.get("num_examples", summary.get("num_rows"))
    return None if found is None else int(found)


def _names(entries: Sequence[ReportEntry]) -> dict[str, str]:
    """Names of models by their digests."""
    policy = entries[-1].state.policy
    begun = [model for model in (policy.base, policy.seed) if model is not None]
    return {model.digest: model.name for model in (*begun, *(entry.model for entry in entries if entry.model))}


def _selections(entries: Sequence[ReportEntry]) -> dict[str, int]:
    """Round of each select step, by its key."""
    return {step.key: step.round for step in entries[-1].state.policy.selections}
