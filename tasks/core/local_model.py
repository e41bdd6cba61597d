"""A model reference as files on this machine: published parts are fetched and verified, outside ones are named."""

from __future__ import annotations

from pathlib import Path

from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from tasks.core.ledger import Ledger
from tasks.core.refs import ModelRef


def fetch_model(ledger: Ledger, model: ModelRef) -> ModelFiles:
    """The model's folders.

    Raises:
        StoreError: a published file is missing or damaged.
    """
    assert model.weights or model.external, f"{model.name} has neither published nor external weights"
    return ModelFiles(
        name=model.name,
        weights=ledger.fetch_all(model.weights, "model") if model.weights else Path(str(model.external)),
        adapter=ledger.fetch_all(model.adapter, "adapter") if model.adapter else None,
        chat_template=model.chat_template,
        trust_remote_code=model.trust_remote_code,
        chat_template_name=model.chat_template_name,
        chat_template_kwargs=model.chat_template_kwargs,
        chat_template_date=model.chat_template_date,
        probe=_fetch_probe(ledger, model),
    )


def _fetch_probe(ledger: Ledger, model: ModelRef) -> Path | None:
    """What the training that made the model measured; none where it was not trained here, or before there were any."""
    made = model.adapter or model.weights
    if made is None or all(file.name != PROBE_FILE for file in made.files):
        return None
    return ledger.fetch(made, PROBE_FILE)
