"""The waves of a segment in the store, while it runs: `ROUND/segment/KEY12/waves/0004.json`, and `0004/` beside it.

A wave's tables come first and its small JSON file last: without it there is no wave. What lies here is what the segment
has drawn, so that a run that was killed trains on the same; when the step is published, its tables hold all of it, and
the folder is removed. Until then housekeeping sees an upload that goes on.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from infra.store.errors import DamagedObjectError
from infra.store.files import sha256_of
from tasks.core.files import Table
from tasks.core.ledger import Ledger
from tasks.core.refs import FileRef, Ref
from tasks.core.tables import read_records
from tasks.online.carried import Carried

logger = logging.getLogger(__name__)

Record = TypeVar("Record")


class Wave(Ref):
    """What a wave's JSON file says.

    Attributes:
        number: in the segment, from 0.
        policy_step: optimizer steps of the segment before it.
        seed: of the rows' order and of dropout.
        groups_drawn, groups_kept: groups of episodes that were drawn, and that are trained on.
        numbers: what was measured of it, by metric name.
        after: what the next wave begins with.
        files: its tables, by their names in `NUMBER/`.
    """

    number: int
    policy_step: int
    seed: int
    groups_drawn: int
    groups_kept: int
    numbers: dict[str, float | None]
    after: Carried
    files: tuple[FileRef, ...] = ()

    @property
    def is_trained(self) -> bool:
        """Whether there is enough to train on; the last wave of a segment without a signal has not."""
        return self.groups_kept > 0


class WaveFolder:
    """Waves of one segment. Not for use by several threads.

    Args:
        prefix: of the step that the segment is.
    """

    def __init__(self, ledger: Ledger, prefix: str) -> None:
        self._ledger, self._prefix = ledger, f"{prefix}/waves"
        self._local = ledger.work_dir / "cache" / self._prefix

    def find_whole(self) -> list[Wave]:
        """The waves from 0 on that are whole. The first that is damaged is set aside, and those after it, which
        trained on what followed from it, with it."""
        waves: list[Wave] = []
        store = self._ledger.store
        while (content := store.read(self._name(len(waves)))) is not None:
            wave, why = self._read(content, len(waves))
            if wave is None:
                self._void(len(waves), why)
                break
            waves.append(wave)
        return waves

    def publish(self, wave: Wave, folder: Path) -> Wave:
        """Publish a wave: its tables, and what says that it is there last.

        Args:
            folder: holds the tables, which are moved to where `read` finds them.

        Raises:
            StoreError: the lease was lost, or the store failed.
        """
        self._ledger.check_lease()
        files = []
        for path in sorted(folder.iterdir()):
            file = FileRef(name=path.name, sha256=sha256_of(path), size_bytes=os.path.getsize(path))
            self._ledger.store.put_file(self._file(wave.number, file.name), path, file.sha256)
            self._keep(wave.number, path)
            files.append(file)
        whole = wave.model_copy(update={"files": tuple(files)})
        self._ledger.store.put(self._name(wave.number), whole.model_dump_json(indent=1).encode())
        return whole

    def read(self, wave: Wave, table: Table[Record]) -> Sequence[Record]:
        """Rows of one of a wave's tables."""
        return list(read_records(self._fetch(wave, table.name), table.record))

    def clear(self) -> None:
        """Remove all of it."""
        for key in list(self._ledger.store.keys(self._prefix + "/")):
            self._ledger.store.delete(key)

    def _read(self, content: bytes, number: int) -> tuple[Wave | None, str]:
        try:
            wave = Wave.model_validate_json(content)
        except ValidationError:
            return None, f"{self._name(number)} is no wave"
        for file in wave.files:
            try:
                self._fetch(wave, file.name)
            except DamagedObjectError as error:
                return None, error.message
        return wave, ""

    def _fetch(self, wave: Wave, name: str) -> Path:
        path = self._local / f"{wave.number:04d}" / name
        file = next(file for file in wave.files if file.name == name)
        if not (path.exists() and sha256_of(path) == file.sha256):
            self._ledger.store.get_file(self._file(wave.number, name), path, file.sha256)
        return path

    def _keep(self, number: int, path: Path) -> None:
        """What was just published is read next, and need not come back from the store."""
        place = self._local / f"{number:04d}" / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place)

    def _void(self, number: int, why: str) -> None:
        keys = [key for key in self._ledger.store.keys(self._prefix + "/") if _number_in(key, self._prefix) >= number]
        names = sorted((key.removeprefix(self._prefix + "/") for key in keys), key=lambda name: "/" in name)
        place = self._ledger.set_aside(self._prefix, names)
        where = f" (what was there lies in {place})" if place else ""
        logger.warning("%s; wave %d is drawn anew, and what came after it%s", why, number, where)

    def _name(self, number: int) -> str:
        return f"{self._prefix}/{number:04d}.json"

    def _file(self, number: int, name: str) -> str:
        return f"{self._prefix}/{number:04d}/{name}"


def _number_in(key: str, prefix: str) -> int:
    """The wave that an object belongs to."""
    return int(key.removeprefix(prefix + "/")[:4])


def waves_line(wave: Wave) -> dict[str, Any]:
    """A wave as a line of `waves.jsonl`."""
    return wave.model_dump(mode="json", exclude={"after"})
