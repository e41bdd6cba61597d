"""The index of an experiment in the store: one small entry a round, `EXPERIMENT/reports/round-003.json`.

Written by the flow after each round; `compare`, `export` and `sync` read nothing else. An entry that is lost comes
back by running the experiment again, which reuses every step.

An entry says its version, and those of versions before stay readable: a field that is gone since then is passed over,
one that is new needs a default. VERSION is raised when a field of the entry, of its report or of its state goes or
changes its meaning; one that changed its form is translated in `_read`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from configs.errors import StoreError
from configs.schema.role import POLICY
from infra.store.base import Store
from tasks.core.refs import ModelRef, Ref
from tasks.decide.state import LoopState
from tasks.report.rounds import ExperimentReport, RoundReport, SampleRow

VERSION = 3
"""2: entries say their version; 3: the state holds its models by name"""


class ReportEntry(Ref):
    """What is known of one round.

    Attributes:
        recipe: digest of the recipe it belongs to; an edited recipe begins a new series.
        model: the candidate, where the round made one; in round 0 the start model.
        state: the loop after the round.
    """

    recipe: str
    report: RoundReport
    samples: list[SampleRow]
    model: ModelRef | None
    state: LoopState
    version: int = VERSION


def write_entry(store: Store, entry: ReportEntry) -> None:
    """Publish a round's entry, replacing that of an earlier run."""
    store.put(_key(entry.report.experiment, entry.report.round), entry.model_dump_json().encode())


def find_entry(store: Store, experiment: str, round: int) -> ReportEntry | None:
    """A round's entry.

    Raises:
        StoreError: it is damaged, or of a version that is not known here.
    """
    key = _key(experiment, round)
    content = store.read(key)
    return None if content is None else _read(content, key)


def _read(content: bytes, key: str) -> ReportEntry:
    """An entry of any version up to this one; those of the first version do not say it."""
    try:
        tree = json.loads(content)
        version = tree.get("version", 1)
        if version <= VERSION:
            if version < 3:
                tree["state"]["models"] = _models(tree["state"])
            entry = ReportEntry.model_validate(tree, extra="forbid" if version == VERSION else "ignore")
            return entry.model_copy(update={"version": VERSION})
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        message = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        fix = f"remove {key} from the store and run the experiment again"
        raise StoreError(f"{key} is damaged: {message}", fix) from None
    raise StoreError(
        f"{key} is of version {version}, and this selfloop knows entries up to version {VERSION}",
        "use the selfloop that wrote it, or a newer one",
    )


def _models(state: dict[str, Any]) -> dict[str, Any]:
    """The models of a state that held the policy's, and a verifier beside it, in fields of its own."""
    begun = {name: state[name] for name in ("base", "seed")}
    later = {name: state[name] for name in ("previous", "newest", "selections")}
    models = {POLICY: {**begun, **later, "current": state["standing"]["incumbent"]["model"]}}
    if verifier := state.get("verifier"):
        models["verifier"] = {**begun, "current": verifier, "newest": verifier}
    return models


def read_entries(store: Store, experiment: str) -> list[ReportEntry]:
    """The rounds of an experiment's latest recipe, from round 0.

    Raises:
        StoreError: there is no such experiment; the message lists those there are.
    """
    entries: list[ReportEntry] = []
    while (entry := find_entry(store, experiment, len(entries))) and entry.recipe == (entries or [entry])[0].recipe:
        entries.append(entry)
    if not entries:
        known = ", ".join(list_experiments(store)) or "none"
        raise StoreError(f"{store.uri} holds no rounds of '{experiment}'", f"experiments there: {known}")
    return entries


def list_experiments(store: Store) -> list[str]:
    """Names of the experiments with at least one finished round."""
    return [key.split("/")[0] for key in store.keys("") if key.endswith("/reports/round-000.json")]


def to_experiment(entries: list[ReportEntry], recipe: str, p_value: float | None) -> ExperimentReport:
    """The value that report and MLflow show.

    Args:
        p_value: exact McNemar test, champion against round 0 on the report set.
    """
    return ExperimentReport(
        name=entries[0].report.experiment,
        rounds=[entry.report for entry in entries],
        samples={entry.report.round: entry.samples for entry in entries if entry.samples},
        recipe=recipe,
        p_value=p_value,
    )


def _key(experiment: str, round: int) -> str:
    return f"{experiment}/reports/round-{round:03d}.json"
