"""An experiment for others: a model and the samples that were kept for it, in folders or on the hub."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from configs.errors import UserError
from configs.schema.model import PretrainedModel
from flows.champion.alias import find_by_alias
from flows.champion.current import find_champion
from flows.report.stored import StoredExperiment, open_experiment
from flows.services.addresses import Addresses
from infra.hub.upload import Kind, check_repository_name, prepare_repository, upload
from infra.store.address import open_store
from infra.store.base import Store
from tasks.publish.folders import DATA, MODEL, finish_data, finish_model, hub_base, write_model
from tasks.publish.lineage import what_was_trained
from tasks.publish.place import in_place_of, made_folder
from tasks.publish.recipe import public_contents
from tasks.publish.rows import write_rows
from tasks.publish.told import Told
from tasks.report.entry import ReportEntry

HUB = "hub:"
PARTS: dict[Kind, str] = {"dataset": DATA, "model": MODEL}
"""what is sent, in this order: a model's card names its data set"""
LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True)
class Wish:
    """What is to be published, and how.

    Attributes:
        to: a folder, or hub:NAMESPACE/NAME.
        alias: of MLflow's registry; None: the champion, as the store knows it.
        overwrite: what was published there before may be replaced.
    """

    experiment: str
    to: str
    licence: str
    data_licence: str
    merged: bool = False
    alias: str | None = None
    public: bool = False
    overwrite: bool = False

    @property
    def repository(self) -> str | None:
        return self.to.removeprefix(HUB) if self.to.startswith(HUB) else None


def publish_experiment(wish: Wish, addresses: Addresses) -> list[str]:
    """Write the folders, and send them; what was done, in lines.

    Raises:
        UserError: there is no such experiment or model, nothing to publish, no licence, or no place.
        HubError: the hub refuses.
    """
    for licence in (wish.licence, wish.data_licence):
        _check_licence(licence)
    store, chosen = _find(wish, addresses)
    if wish.repository is None:
        with in_place_of(Path(wish.to), wish.overwrite) as folder:
            told = _write(wish, store, chosen, addresses, folder)
        return [*_said(told), f"  {Path(wish.to) / MODEL}", f"  {Path(wish.to) / DATA}"]
    check_repository_name(wish.repository)
    with tempfile.TemporaryDirectory(prefix="selfloop-publish-", dir=made_folder(addresses.work_dir)) as name:
        told = _write(wish, store, chosen, addresses, Path(name))
        for kind in PARTS:
            prepare_repository(wish.repository, kind, private=not wish.public, overwrite=wish.overwrite)
        message = f"{told.model.name} of {wish.experiment}, by selfloop"
        places = [upload(Path(name) / part, wish.repository, kind, message) for kind, part in PARTS.items()]
    seen = "public" if wish.public else "private, where they are new: --public, or the hub's settings, show them"
    return [*_said(told), *(f"  {place}" for place in places), f"  {seen}"]


def _find(wish: Wish, addresses: Addresses) -> tuple[Store, ReportEntry]:
    if wish.alias is not None:
        return find_by_alias(addresses, wish.experiment, wish.alias)
    store = open_store(addresses.store)
    return store, find_champion(store, wish.experiment)


def _write(wish: Wish, store: Store, chosen: ReportEntry, addresses: Addresses, folder: Path) -> Told:
    """Both folders below one."""
    opened = open_experiment(store, wish.experiment, addresses)
    model, config = chosen.model, opened.recipe.model
    assert model is not None, "champions and versions are models"
    if isinstance(config, PretrainedModel) and model.digest == opened.entries[-1].state.policy.base.digest:
        raise UserError(
            f"the champion of {wish.experiment} is still its base model, which others have published",
            "run further rounds; or name a round's model with --alias round-1",
        )
    base = hub_base(config.base, model) if isinstance(config, PretrainedModel) else None
    (folder / DATA).mkdir(parents=True)
    try:
        rows = write_rows(store, opened.ledger, opened.entries, folder / DATA)
        kind = write_model(opened.ledger, model, folder / MODEL, base, wish.merged)
    finally:
        opened.ledger.clear_cache()
    told = Told(
        experiment=wish.experiment, recipe=opened.recipe, entries=opened.entries, champion=chosen, model=model,
        kind=kind,
        is_adapter=(folder / MODEL / "adapter_config.json").exists(), base_id=base[0] if base else None,
        base_commit=base[1] if base else None, trained=what_was_trained(store, opened.entries, model.digest), rows=rows,
        licence=wish.licence, data_licence=wish.data_licence, p_value=_p_value(opened, chosen),
        recipe_digest=opened.entries[0].recipe, contents=_contents(store, wish.experiment, opened.entries[0].recipe),
        data_repository=wish.repository,
    )  # fmt: skip
    finish_data(folder / DATA, told)
    finish_model(folder / MODEL, told)
    return told


def _p_value(opened: StoredExperiment, chosen: ReportEntry) -> float | None:
    """The report's test is about the champion of the rounds; of another model nothing was tested."""
    return opened.report.p_value if opened.report.champion.round == chosen.report.round else None


def _contents(store: Store, experiment: str, recipe: str) -> dict[str, str]:
    content = store.read(f"{experiment}/recipes/{recipe}.contents.json")
    return public_contents(json.loads(content)) if content else {}


def _said(told: Told) -> list[str]:
    return [
        f"{told.model.name} of {told.experiment}: {told.kind}, and {told.rows.num_rows:,} kept samples of "
        f"{len(told.rows.counts)} tables"
    ]


def _check_licence(licence: str) -> None:
    if not LICENCE.fullmatch(licence):
        raise UserError(
            f"--license {licence!r} is no id of a licence",
            "write one of the hub's list, such as apache-2.0, mit, cc-by-4.0, llama3.2 or other",
        )
