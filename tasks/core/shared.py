"""What other experiments of the store have computed and asked, found by what it depends on alone.

    _shared/steps/KEY/PLACE        a step's place in the store
    _shared/answers/WHO/PLACE      where somebody's answers lie (`answer_folder.py`)

KEY and WHO are digests, PLACE is the digest of what the object holds; no experiment's name begins with `_`. These are
notes: what they name is read and verified like anything else, and a note of what is gone is passed over. So the second
method on one base finds the base, the first evaluation and all draws that the first method made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from infra.store.base import Store
from tasks.core.step import digest

ROOT = "_shared"
Kind = Literal["steps", "answers"]


@dataclass(frozen=True)
class Shared:
    """The notes of one store."""

    store: Store

    def note(self, kind: Kind, name: str, place: str) -> None:
        """Say where something lies.

        Args:
            name: digest of what it depends on: a step's key, or who answered.
            place: prefix in the store.
        """
        self.store.put(note_key(kind, name, place), place.encode())

    def places(self, kind: Kind, name: str, but: str) -> Iterator[str]:
        """Where it lies besides.

        Args:
            but: an experiment whose own places are left out.
        """
        for key in self.store.keys(f"{ROOT}/{kind}/{name}/"):
            place = (self.store.read(key) or b"").decode()
            if place and experiment_of(place) != but:
                yield place


def note_key(kind: Kind, name: str, place: str) -> str:
    """Where the note of a place lies."""
    return f"{ROOT}/{kind}/{name}/{digest(place)[:12]}"


def experiment_of(place: str) -> str:
    """The experiment that a place of the store belongs to."""
    return place.partition("/")[0]
