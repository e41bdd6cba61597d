"""Sends the newest state of unfinished work to the store, while the work goes on. Used by `errand_home.py`.

A checkpoint may be gone as soon as there is a newer one, and sending it may take longer than that. So its files are
linked first: a link keeps what it names.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from configs.errors import StoreError
from infra.cluster.freight import Freight
from infra.engines.errand import Saved

POLL_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Keeper:
    """Keeps states until the end of its block, and sends none after it. Where the block fails, the newest state there
    is counts: what was done must not be lost with it.

    Args:
        kept: folder for links, on the disk of the work folder.
        find: the newest state of a work folder.
        on_saved: gets the name of each state once it is in the store.
    """

    def __init__(
        self,
        freight: Freight,
        kept: Path,
        work_dir: Path,
        find: Callable[[Path], Saved | None],
        on_saved: Callable[[str], None],
    ) -> None:
        self._freight, self._kept, self._work_dir = freight, kept, work_dir
        self._find, self._on_saved = find, on_saved
        found = find(work_dir)
        self._latest = found.name if found else None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._stopped.set()
        self._thread.join()
        if kind is not None:
            self._keep_newest()

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            self._keep_newest()

    def _keep_newest(self) -> None:
        found = self._find(self._work_dir)
        if found is None or found.name == self._latest:
            return
        try:
            self._link(found)
            self._send(found.name)
        except FileNotFoundError:  # there is a newer one already
            return
        except OSError as error:  # the work is worth more than its state; a later one may be kept
            logger.warning("the state %s was not kept: %s", found.name, error)
            self._latest = found.name

    def _link(self, found: Saved) -> None:
        shutil.rmtree(self._kept, ignore_errors=True)
        for path in (path for path in found.folder.rglob("*") if path.is_file()):
            self._place(path).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, self._place(path))
        for path in filter(Path.exists, found.files):
            self._place(path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, self._place(path))
        newest = self._find(self._work_dir)
        if newest is None or newest.name != found.name:
            raise FileNotFoundError(f"{found.name} is being removed: what was found of it may not be all")

    def _send(self, name: str) -> None:
        try:
            self._freight.save(self._freight.send_all(self._kept))
        except StoreError as error:  # the work is worth more than its state; a later one may be sent
            logger.warning("the state %s was not sent: %s", name, error.message)
            self._latest = name
            return
        self._latest = name
        self._on_saved(name)

    def _place(self, path: Path) -> Path:
        return self._kept / path.relative_to(self._work_dir)
