"""What a model version in MLflow's registry says, so that the weights can be found from the registry alone. Pure."""

from __future__ import annotations

import json
import re

from configs.schema.model import PretrainedModel
from configs.schema.recipe import Recipe
from tasks.core.refs import ModelRef, StepRef
from tasks.report.entry import ReportEntry

METRICS = ("select_accuracy", "report_accuracy", "kept_rate", "num_examples", "train_loss", "mean_tokens")


def version_tags(entry: ReportEntry, recipe: Recipe, store_uri: str) -> dict[str, str]:
    """Tags of the version that holds a round's model; empty where the round made none.

    base_model, base_revision and base_digest say what everything started from; the revision is the hub's commit, or
    the content's digest where no hub was asked. adapter_chain lists, in the order in which they are loaded, the
    addresses of full weights and of the adapter on top.
    """
    model = entry.model
    if model is None:
        return {}
    config, base = recipe.model, entry.state.policy.base
    name, asked = (config.base, config.revision) if isinstance(config, PretrainedModel) else (config.kind, None)
    tags = {
        "selfloop.experiment": recipe.name,
        "selfloop.store": store_uri,
        "selfloop.address": address_of(model, store_uri),
        "selfloop.base_model": name,
        "selfloop.base_revision": _commit(base) or asked or base.digest,
        "selfloop.base_digest": base.digest,
        "selfloop.adapter_chain": json.dumps(_chain(model, store_uri)),
        "selfloop.decision": entry.report.action,
    }
    metrics = {name: entry.report.metrics[name] for name in METRICS if name in entry.report.metrics}
    return tags | {f"metric.{name}": f"{value:.6g}" for name, value in metrics.items()}


def address_of(model: ModelRef, store_uri: str) -> str:
    """Where the part of a model lies that was made last: its adapter, or its weights."""
    step = model.adapter or model.weights
    return _place(step, store_uri) if step else str(model.external)


def _chain(model: ModelRef, store_uri: str) -> list[str]:
    weights = _place(model.weights, store_uri) if model.weights else str(model.external)
    return [weights, *([_place(model.adapter, store_uri)] if model.adapter else [])]


def _commit(base: ModelRef) -> str | None:
    """The commit, where the base lies in the hub's cache."""
    found = re.search(r"/snapshots/([0-9a-f]{40})(?:/|$)", base.external or "")
    return found[1] if found else None


def _place(step: StepRef, store_uri: str) -> str:
    return f"{store_uri}/{step.prefix}"
