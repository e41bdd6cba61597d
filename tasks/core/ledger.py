"""The ledger of one experiment: finds published steps, publishes new ones, fetches their files.

Used by the task of every stage. It knows the store and a local work folder; it does not know what a stage does.

A damaged step is healed: its record goes to EXPERIMENT/damaged first, so that the step does not exist, then the files
that are damaged, and the step is computed anew under the same key, where models were asked from their answers
(`answers.py`). Later steps name their inputs by key, so they are found as before, even where an engine that is not
deterministic computes the step differently the second time: they hold what was true of the first.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.errors import DamagedObjectError, explain_full_disk, explain_os_error
from infra.store.files import replace_durably, sha256_of
from tasks.core.refs import FileRef, StepRef
from tasks.core.shared import Shared
from tasks.core.step import StepSpec, Summary, read_record, write_record

logger = logging.getLogger(__name__)


@dataclass
class Ledger:
    """Steps of one experiment in one store.

    Attributes:
        work_dir: local scratch; what lies there can be lost at any time.
        provenance: git commit and package versions, written into every record.
        guard: called before anything is published; raises when the experiment's lease was lost. A ledger without one
            is a reader's: it moves nothing that is damaged.
        shared: where other experiments of the store are looked up; None: nobody is asked.
    """

    store: Store
    work_dir: Path
    provenance: dict[str, Any]
    guard: Callable[[], None] | None = None
    shared: Shared | None = None

    def find(self, spec: StepSpec, check_files: bool = True) -> StepRef | None:
        """The published step, its files checked, or None. A damaged step is reported and healed: None as well.

        Args:
            check_files: False trusts the record, as a plan may, and moves nothing.
        """
        content = self.store.read(f"{spec.prefix}/record.json")
        if content is None:
            return None
        try:
            ref = read_record(content, spec.prefix, spec.key)
        except (StoreError, ValueError, KeyError, TypeError) as error:
            reason = error.message if isinstance(error, StoreError) else f"{spec.prefix}/record.json is no record"
            self._report(reason, self._set_aside(spec.prefix, []) if check_files else None)
            return None
        damaged = [file.name for file in ref.files if not self._is_sound(spec.prefix, file)] if check_files else []
        if damaged:
            names = ", ".join(f"{spec.prefix}/{name}" for name in damaged)
            reason = f"{names} is missing, or its content does not match the record's digest"
            self._report(reason, self._set_aside(spec.prefix, damaged))
        return None if damaged else ref

    def find_elsewhere(self, spec: StepSpec) -> StepRef | None:
        """The same step of another experiment, or None. Nothing is checked but the record."""
        for place in self.shared.places("steps", spec.key, spec.experiment) if self.shared else ():
            content = self.store.read(f"{place}/record.json")
            try:
                if content is not None:
                    return read_record(content, place, spec.key)
            except (StoreError, ValueError, KeyError, TypeError):
                continue  # its own experiment heals it
        return None

    def adopt(self, spec: StepSpec) -> StepRef | None:
        """The same step of another experiment as one of this: its files are copied, and verified on the way."""
        found = self.find_elsewhere(spec)
        if found is None:
            return None
        self.check_lease()
        path = self.work_dir / "cache" / "adopted"
        try:
            for file in found.files:
                self.store.get_file(f"{found.prefix}/{file.name}", path, file.sha256)
                self.store.put_file(f"{spec.prefix}/{file.name}", path, file.sha256)
        except DamagedObjectError as error:
            logger.warning("%s; this step is computed anew", error.message)
            return None
        finally:
            path.unlink(missing_ok=True)
        record = self.store.read(f"{found.prefix}/record.json")
        if record is None:  # removed meanwhile
            return None
        self.store.put_new(f"{spec.prefix}/record.json", record)
        return self.find(spec, check_files=False)

    @contextmanager
    def scratch(self, spec: StepSpec) -> Iterator[Path]:
        """A work folder that belongs to the step: kept after a failure so that the phase can resume, then removed.

        Raises:
            StoreError: the disk of the work folder is full.
        """
        folder = self.work_dir / "scratch" / spec.key[:24]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            yield folder
        except Exception as error:
            if full := explain_full_disk(error, f"cannot compute {spec.prefix}", folder):
                raise full from error
            raise
        shutil.rmtree(folder, ignore_errors=True)

    def publish(self, spec: StepSpec, folder: Path, summary: Summary, seconds: float) -> StepRef:
        """Publish every file of a folder, then the record."""
        self.check_lease()
        paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        files = [self._send(spec, name, path) for name, path in sorted(paths.items())]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = write_record(spec, files, summary, seconds, {**self.provenance, "finished_at": now})
        if not self.store.put_new(f"{spec.prefix}/record.json", record):
            logger.warning("%s was published by another run meanwhile; its result is used", spec.prefix)
        if self.shared:
            self.shared.note("steps", spec.key, spec.prefix)
        published = self.find(spec)
        if published is None:
            raise StoreError(
                f"{self.store.uri}: what was just stored under {spec.prefix} does not read back as it was sent",
                "look at the disk, or at the server's log; then run the same command again",
            )
        return published.model_copy(update={"is_reused": False})

    def fetch(self, ref: StepRef, name: str) -> Path:
        """One file of a step as a local file, its digest verified. Fetched once.

        Raises:
            StoreError: the file is damaged or missing. With the lease the step is set aside, and the next run heals it.
        """
        file = next((file for file in ref.files if file.name == name), None)
        if file is None:
            raise StoreError(f"{ref.prefix} holds no file {name}", f"remove {ref.prefix} and run again")
        path = self.work_dir / "cache" / ref.key[:24] / name
        if not (path.exists() and path.stat().st_size == file.size_bytes):
            try:
                self.store.get_file(f"{ref.prefix}/{name}", path, file.sha256)
            except DamagedObjectError as error:
                raise self._damaged_on_read(ref, name, error) from error
        return path

    def fetch_all(self, ref: StepRef, folder: str) -> Path:
        """The files under `folder/` of a step, as a local folder."""
        for file in ref.files_under(folder):
            self.fetch(ref, file.name)
        return self.work_dir / "cache" / ref.key[:24] / folder

    def fetch_object(self, key: str, sha256: str | None) -> Path:
        """Any object of the store, named by the user, as a local file.

        Raises:
            StoreError: it is not there, or is not what `sha256` says.
        """
        path = self.work_dir / "cache" / "objects" / key
        if sha256 is not None:
            self.store.get_file(key, path, sha256)
            return path
        content = self.store.read(key)
        if content is None:
            raise StoreError(f"{self.store.uri} holds no object {key}", "correct the key, or put the object there")
        try:
            replace_durably(path, content)
        except OSError as error:
            raise explain_os_error(error, f"cannot fetch {key!r} from {self.store.uri}", path.parent) from error
        return path

    def check_lease(self) -> None:
        """Raise where the experiment's lease was lost; called before anything is published."""
        if self.guard is not None:
            self.guard()

    def set_aside(self, prefix: str, names: Sequence[str]) -> str | None:
        """Move damaged objects below a prefix, in this order; returns where to. None, and nothing moved, for a reader.

        Raises:
            StoreError: the lease was lost.
        """
        if self.guard is None:
            return None
        self.guard()
        experiment, _, rest = prefix.partition("/")
        place = f"{experiment}/damaged/{rest}/{datetime.now(UTC):%Y%m%dT%H%M%S}"
        for name in names:
            self.store.move(f"{prefix}/{name}", f"{place}/{name}")
        return place

    def clear_leftovers(self) -> None:
        """Remove what a killed run left beside the scratch of its unfinished steps, which is kept for resuming."""
        for name in ("cache", "engines"):
            shutil.rmtree(self.work_dir / name, ignore_errors=True)

    def clear_cache(self) -> None:
        """Remove local copies; the store keeps the originals."""
        shutil.rmtree(self.work_dir / "cache", ignore_errors=True)

    def _is_sound(self, prefix: str, file: FileRef) -> bool:
        return self.store.verify(f"{prefix}/{file.name}", file.sha256, file.size_bytes)

    def _set_aside(self, prefix: str, names: list[str]) -> str | None:
        """Move a step's record, then its damaged files."""
        return self.set_aside(prefix, ["record.json", *names])

    def _report(self, reason: str, place: str | None) -> None:
        where = f" (what was damaged lies in {place})" if place else ""
        logger.warning("%s: %s; this step is computed anew%s", self.store.uri, reason, where)

    def _damaged_on_read(self, ref: StepRef, name: str, error: DamagedObjectError) -> DamagedObjectError:
        # The digest of an S3 object is kept beside it, so damage there is seen when it is read, not when it is found.
        if self._set_aside(ref.prefix, [name]):
            return DamagedObjectError(error.message, "run the same command again: only this step is computed anew")
        record = f"{ref.prefix}/record.json"
        fix = f"remove {record} from the store, and run the experiment again: only this step is computed anew"
        return DamagedObjectError(error.message, fix)

    def _send(self, spec: StepSpec, name: str, path: Path) -> FileRef:
        file = FileRef(name=name, sha256=sha256_of(path), size_bytes=os.path.getsize(path))
        self.store.put_file(f"{spec.prefix}/{name}", path, file.sha256)
        return file
