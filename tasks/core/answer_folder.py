"""Answers of one answerer in the store: `EXPERIMENT/round-003/STAGE/answers/WHO/SHARD.parquet`, `SHARD.json` beside.

WHO and SHARD are digests, of who was asked and of what the shard answers. The small JSON file is written last and lists
the answers; without it there are none. Which step asked stands nowhere: an answer is found by what was asked alone, so
a corrected gold answer, another judge or a hundred problems more leave all that is here of use. Used by `answers.py`;
housekeeping counts, checks and removes (`tasks/housekeeping`).
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from infra.store.base import Store
from infra.store.errors import DamagedObjectError
from infra.store.files import sha256_of
from tasks.core.answer_index import AnswerIndex
from tasks.core.ledger import Ledger
from tasks.core.refs import FileRef, Ref
from tasks.core.shared import Shared, experiment_of
from tasks.core.step import canonical_json, digest
from tasks.core.tables import read_records, write_records

logger = logging.getLogger(__name__)

FOLDER = "answers"
NUM_OPEN_SHARDS = 16
"""whose rows are in memory: answers are read in about the order in which they were asked for"""


class AnswerRow(Protocol):
    """One row of a shard: the answer to one draw of a question; other services than text have draw 0 alone."""

    @property
    def question(self) -> str: ...

    @property
    def draw(self) -> int: ...


Row = TypeVar("Row", bound=AnswerRow)


class ShardRecord(Ref):
    """What a shard's JSON file says.

    Attributes:
        who: what the folder's name is the digest of.
        file: the Parquet file; its name is relative to the folder.
        answers: (digest of the question, first draw, number of draws) each.
    """

    who: Any
    file: FileRef
    answers: tuple[tuple[str, int, int], ...]

    @property
    def num_answers(self) -> int:
        return sum(number for *_, number in self.answers)


def who_folder(place: str, who: Any) -> str:
    """Where the answers of somebody lie.

    Args:
        place: of a stage in a round, see `StepSpec.answers`.
        who: what identifies whom was asked, as JSON.
    """
    return f"{place}/{digest(who)[:12]}"


def read_shard_records(store: Store, prefix: str) -> Iterator[tuple[str, ShardRecord | None]]:
    """Key and content of every shard's JSON file under a prefix; None for what is damaged."""
    for key in store.keys(prefix):
        if key.endswith(".json"):
            try:
                yield key, ShardRecord.model_validate_json(store.read(key) or b"")
            except ValidationError:
                yield key, None


def count_answers(store: Store, folders: Iterable[str], shared: Shared | None = None) -> int:
    """How many answers lie in some folders, as their records say; in those of other experiments too."""
    shards: dict[tuple[str, str], int] = {}
    for folder in folders:
        who = folder.rpartition("/")[2]
        others = shared.places("answers", who, experiment_of(folder)) if shared else ()
        for place in (folder, *others):
            for key, shard in read_shard_records(store, place + "/"):
                if shard is not None:
                    shards[who, key.rpartition("/")[2]] = shard.num_answers
    return sum(shards.values())


class AnswerFolder(Generic[Row]):
    """Answers of one answerer in one stage of one round. Not for use by several threads.

    Args:
        place: of the stage, see `who_folder`.
        record: class of the rows.
    """

    def __init__(self, ledger: Ledger, place: str, who: Any, record: type[Row]) -> None:
        self._ledger, self._who, self._record = ledger, who, record
        self.prefix = who_folder(place, who)
        self._names: list[str] = []
        self._files: dict[str, FileRef] = {}
        self._elsewhere: dict[str, str] = {}
        self._is_noted = False
        self._index = AnswerIndex()
        self._local: dict[str, Path] = {}
        self._open: OrderedDict[str, dict[tuple[str, int], Row]] = OrderedDict()
        for prefix in (self.prefix, *self._others()):
            self._enter_all(prefix)

    def missing(self, question: str, draws: range) -> list[range]:
        """Draws of a question that are not answered, as runs of neighbours. Damaged shards answer nothing."""
        if not self._index.find(question):  # the rule, where millions are asked
            return [draws] if draws else []
        found = {draw for name, run in self._runs(question) if self._fetch(name) for draw in run}
        runs: list[range] = []
        for draw in draws:
            if draw in found:
                continue
            is_next = bool(runs) and runs[-1].stop == draw
            runs[-1:] = [range(runs[-1].start, draw + 1)] if is_next else [*runs[-1:], range(draw, draw + 1)]
        return runs

    def rows(self, question: str, draws: range) -> list[Row]:
        """The answers that there are, in order of the draws."""
        newest = next(reversed(self._open.values()), {})  # most are asked for as soon as they are published
        if all((question, draw) in newest for draw in draws):
            return [newest[question, draw] for draw in draws]
        known = self._runs(question)
        rows = []
        for draw in draws:
            name = next((name for name, run in known if draw in run), None)
            if name is not None:
                rows.append(self._rows_of(name)[question, draw])
        return rows

    def publish(self, rows: Sequence[Row], is_read_next: bool = True) -> None:
        """Publish a shard: the table first, what it answers last.

        Args:
            is_read_next: the rows stay in memory for a while.

        Raises:
            StoreError: the lease was lost, or the store failed.
        """
        self._ledger.check_lease()
        answers = _list_answers(rows)
        name = digest(answers)[:12]
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_records(path, self._record, rows)
        file = FileRef(name=path.name, sha256=sha256_of(path), size_bytes=os.path.getsize(path))
        self._ledger.store.put_file(f"{self.prefix}/{path.name}", path, file.sha256)
        record = {"who": self._who, "file": file.model_dump(mode="json"), "answers": answers}  # a ShardRecord
        self._ledger.store.put(f"{self.prefix}/{name}.json", canonical_json(record))
        self._note()
        self._local[name] = path
        if is_read_next:
            self._hold(name, rows)
        self._enter(name, file, answers)

    def _others(self) -> Iterator[str]:
        """Where other experiments have answers of the same answerer."""
        if self._ledger.shared:
            yield from self._ledger.shared.places("answers", self.prefix.rpartition("/")[2], experiment_of(self.prefix))

    def _enter_all(self, prefix: str) -> None:
        """Take in the shards of a folder; what lies here already counts once."""
        for key, shard in read_shard_records(self._ledger.store, prefix + "/"):
            name = key.removesuffix(".json").rpartition("/")[2]
            if shard is None:
                logger.warning("%s: %s is damaged; what it listed is asked again", self._ledger.store.uri, key)
            elif name not in self._files:
                if prefix != self.prefix:
                    self._elsewhere[name] = prefix
                self._enter(name, shard.file, shard.answers)

    def _enter(self, name: str, file: FileRef, answers: Iterable[tuple[str, int, int]]) -> None:
        self._index.add(len(self._names), answers)
        self._names.append(name)
        self._files[name] = file

    def _runs(self, question: str) -> list[tuple[str, range]]:
        """Shards that answer a question, each with its draws; none that turned out to be damaged."""
        places = self._index.find(question)
        named = [(self._names[place.shard], place.draws) for place in places] if places else []
        return [(name, run) for name, run in named if name in self._files]

    def _rows_of(self, name: str) -> dict[tuple[str, int], Row]:
        if name not in self._open:
            self._hold(name, read_records(self._local[name], self._record))
        self._open.move_to_end(name)
        return self._open[name]

    def _hold(self, name: str, rows: Iterable[Row]) -> None:
        """Have a shard's rows in memory, in place of those that were not asked for the longest."""
        self._open[name] = {(row.question, row.draw): row for row in rows}
        self._open.move_to_end(name)
        if len(self._open) > NUM_OPEN_SHARDS:
            self._open.popitem(last=False)

    def _fetch(self, name: str) -> bool:
        """Have a shard here, its digest verified; a damaged one is set aside, and False."""
        if name in self._local:
            return True
        path, file = self._path(name), self._files[name]
        if path.is_file() and sha256_of(path) == file.sha256:  # of a run before this one, on this machine
            self._local[name] = path
            return True
        try:
            self._ledger.store.get_file(f"{self._elsewhere.get(name, self.prefix)}/{file.name}", path, file.sha256)
        except DamagedObjectError as error:
            self._forget(name, error.message)
            return False
        self._local[name] = path
        return True

    def _forget(self, name: str, reason: str) -> None:
        is_own = name not in self._elsewhere
        place = self._ledger.set_aside(self.prefix, [f"{name}.json", f"{name}.parquet"]) if is_own else None
        where = f" (what was damaged lies in {place})" if place else ""
        logger.warning("%s; what it answered is asked again%s", reason, where)
        del self._files[name]

    def _note(self) -> None:
        """Let other experiments find what lies here."""
        if self._ledger.shared and not self._is_noted:
            self._ledger.shared.note("answers", self.prefix.rpartition("/")[2], self.prefix)
            self._is_noted = True

    def _path(self, name: str) -> Path:
        return self._ledger.work_dir / "cache" / self.prefix / f"{name}.parquet"


def _list_answers(rows: Sequence[AnswerRow]) -> tuple[tuple[str, int, int], ...]:
    """What the rows answer, neighbouring draws as one entry; in the rows' order."""
    listed: list[tuple[str, int, int]] = []
    question, first, number = "", 0, 0
    for row in rows:
        if row.question == question and row.draw == first + number:
            number += 1
            listed[-1] = (question, first, number)
        else:
            question, first, number = row.question, row.draw, 1
            listed.append((question, first, number))
    return tuple(listed)
