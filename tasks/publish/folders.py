"""The folders of a published experiment: `model`, and `data` beside it. Called by `selfloop publish`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.hub.cards import CARD, write_dataset_card, write_model_card
from infra.store.files import sha256_of
from tasks.core.ledger import Ledger
from tasks.core.refs import ModelRef
from tasks.publish.data_card import data_body, data_fields
from tasks.publish.model_card import model_body, model_fields, results
from tasks.publish.recipe import public_recipe
from tasks.publish.told import Told
from tasks.report.export import export_model

MODEL, DATA = "model", "data"
NOTE = "selfloop.json"
"""digests of a folder's files, and what it was made of: it marks a folder as one that was published"""


def hub_base(base: str, model: ModelRef) -> tuple[str, str] | None:
    """Hub id and commit of a model's base; None where it lies elsewhere, such as in the store."""
    folder = Path(model.external) if model.external else None
    return (base, folder.name) if folder is not None and folder.parent.name == "snapshots" else None


def write_model(ledger: Ledger, model: ModelRef, folder: Path, base: tuple[str, str] | None, merged: bool) -> str:
    """The model's files; what was written, in words.

    An adapter stays one where others can fetch what it lies on; else it is merged, for it would be of no use.
    """
    kind = export_model(ledger, model, folder, merged or base is None)
    path = folder / "adapter_config.json"
    if base is not None and path.exists():
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings |= {"base_model_name_or_path": base[0], "revision": base[1]}
        path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return kind


def finish_model(folder: Path, told: Told) -> None:
    """Card, recipe and note of a model's folder."""
    write_model_card(folder, told.experiment, model_fields(told), results(told), model_body(told))
    _finish(folder, told)


def finish_data(folder: Path, told: Told) -> None:
    """Card, recipe and note of a data set's folder."""
    write_dataset_card(folder, data_fields(told), data_body(told))
    _finish(folder, told)


def _finish(folder: Path, told: Told) -> None:
    (folder / "recipe.yaml").write_text(public_recipe(told.recipe), encoding="utf-8")
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    note: dict[str, Any] = {
        "experiment": told.experiment,
        "model": told.model.name,
        "model_digest": told.model.digest,
        "recipe": told.recipe_digest,
        "contents": dict(told.contents),
        "files": {name: sha256_of(path) for name, path in files.items()},
    }
    (folder / NOTE).write_text(json.dumps(note, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def is_published(folder: Path) -> bool:
    """Whether a folder is one that was published: nothing else is ever replaced."""
    return all((folder / part / NOTE).is_file() and (folder / part / CARD).is_file() for part in (MODEL, DATA))
