"""What an experiment has in its store: published steps, answers, uploads, entries and pins. Reads only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from configs.errors import StoreError
from infra.store.base import Store
from tasks.core.answer_folder import FOLDER
from tasks.core.refs import Ref, StepRef
from tasks.core.shared import ROOT
from tasks.housekeeping.cleared import last_cleared_round
from tasks.housekeeping.steps import RECORD, read_step
from tasks.promote.apply import current_champion
from tasks.promote.records import read_promotions
from tasks.report.entry import ReportEntry, read_entries

STEP_KEY = re.compile(r"(?P<prefix>[^/]+/round-(?P<round>\d+)/[^/]+/[0-9a-f]{12})/")
ANSWERS_KEY = re.compile(rf"(?P<prefix>[^/]+/round-(?P<round>\d+)/[^/]+/{FOLDER}/[0-9a-f]{{12}})/")


@dataclass(frozen=True)
class StoredStep:
    """A published step, and the keys that its record names as inputs."""

    ref: StepRef
    inputs: frozenset[str]


@dataclass(frozen=True)
class Leftover:
    """Objects without a record, of a step or of a shard of answers: an upload that is going on, or was given up."""

    prefix: str
    round: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class StoredAnswers:
    """What somebody answered to a stage of a round (`tasks/core/answer_folder.py`)."""

    prefix: str
    round: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Inventory:
    """One experiment.

    Attributes:
        entries: of the latest recipe, from round 0; empty before the first round is finished.
        champion: round whose model is the champion; None without entries.
        pinned: rounds that people want to keep.
        cleared: the last round whose removal was begun, finished or not; None: none was.
        damaged: records that cannot be read, in words.
    """

    experiment: str
    steps: tuple[StoredStep, ...]
    leftovers: tuple[Leftover, ...]
    answers: tuple[StoredAnswers, ...]
    entries: tuple[ReportEntry, ...]
    champion: int | None
    pinned: frozenset[int]
    cleared: int | None
    damaged: tuple[str, ...]


class Pin(Ref):
    """A round that retention leaves alone: `EXPERIMENT/pins/round-003.json`."""

    round: int
    by: str
    at: str


def list_all_experiments(store: Store) -> list[str]:
    """Names of everything that a run began in a store, in order."""
    return sorted({key.split("/")[0] for key in store.keys("") if key.count("/") >= 1} - {ROOT})


def take_inventory(store: Store, experiment: str) -> Inventory:
    """Read an experiment's records.

    Raises:
        StoreError: the store cannot be read, or an entry is damaged.
    """
    folders: dict[re.Pattern[str], dict[tuple[str, int], list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in store.keys(f"{experiment}/round-"):
        for pattern in (STEP_KEY, ANSWERS_KEY):
            if found := pattern.match(key):
                folders[pattern][found["prefix"], int(found["round"])].append(key)
    steps, leftovers, damaged, answers = [], [], [], []
    for (prefix, round), keys in folders[ANSWERS_KEY].items():
        listed = {key.removesuffix(".json") for key in keys if key.endswith(".json")}
        whole = tuple(key for key in keys if key.rpartition(".")[0] in listed)
        answers.append(StoredAnswers(prefix, round, whole))
        if len(whole) < len(keys):
            leftovers.append(Leftover(prefix, round, tuple(key for key in keys if key not in whole)))
    for (prefix, round), keys in folders[STEP_KEY].items():
        if prefix + RECORD not in keys:
            leftovers.append(Leftover(prefix, round, tuple(keys)))
            continue
        try:
            ref, payload, _ = read_step(store, prefix)
        except StoreError as error:
            damaged.append(str(error.message))
            continue
        steps.append(StoredStep(ref, frozenset(_digests(payload.get("inputs")))))
    has_entries = store.read(f"{experiment}/reports/round-000.json") is not None
    entries = tuple(read_entries(store, experiment)) if has_entries else ()
    champion = current_champion(entries, read_promotions(store, experiment)).report.round if entries else None
    return Inventory(
        experiment,
        tuple(steps),
        tuple(leftovers),
        tuple(answers),
        entries,
        champion,
        read_pins(store, experiment),
        last_cleared_round(store, experiment),
        tuple(damaged),
    )


def read_pins(store: Store, experiment: str) -> frozenset[int]:
    """Rounds that people pinned."""
    names = (key.rpartition("/")[2] for key in store.keys(f"{experiment}/pins/"))
    return frozenset(int(name.removeprefix("round-").removesuffix(".json")) for name in names)


def write_pin(store: Store, experiment: str, pin: Pin) -> None:
    """Keep a round."""
    store.put(_pin_key(experiment, pin.round), pin.model_dump_json(indent=1).encode())


def remove_pin(store: Store, experiment: str, round: int) -> None:
    """Leave a round to the rules again."""
    store.delete(_pin_key(experiment, round))


def refs_in(value: Any) -> Iterator[StepRef]:
    """Every step that a value of handles names, however deep."""
    if isinstance(value, StepRef):
        yield value
    elif isinstance(value, Ref):
        for name in type(value).model_fields:
            yield from refs_in(getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from refs_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs_in(item)


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _digests(item)
    elif isinstance(value, list):
        for item in value:
            yield from _digests(item)


def _pin_key(experiment: str, round: int) -> str:
    return f"{experiment}/pins/round-{round:03d}.json"
