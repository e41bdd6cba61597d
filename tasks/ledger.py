"""The ledger of one experiment: finds published steps, publishes new ones, fetches their files.

Used by the task of every stage. It knows the store and a local work folder; it does not know what a stage does.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import StoreError
from infra.store.base import Store
from tasks.refs import FileRef, StepRef
from tasks.step import StepSpec, Summary, hash_file, read_record, write_record

logger = logging.getLogger(__name__)


@dataclass
class Ledger:
    """Steps of one experiment in one store.

    Attributes:
        work_dir: local scratch; what lies there can be lost at any time.
        provenance: git commit and package versions, written into every record.
        guard: called before anything is published; raises when the experiment's lease was lost.
    """

    store: Store
    work_dir: Path
    provenance: dict[str, Any]
    guard: Callable[[], None] = lambda: None

    def find(self, spec: StepSpec, check_files: bool = True) -> StepRef | None:
        """The published step, its files checked, or None.

        Args:
            check_files: False trusts the record, as a plan may.

        Raises:
            StoreError: a record or a file is damaged or missing; the message names it.
        """
        content = self.store.read(f"{spec.prefix}/record.json")
        if content is None:
            return None
        ref = read_record(content, spec.prefix, spec.key)
        for file in ref.files if check_files else ():
            key = f"{ref.prefix}/{file.name}"
            if not self.store.verify(key, file.sha256, file.size_bytes):
                raise StoreError(
                    f"{self.store.uri}: {key} is missing, or its content does not match the record's digest",
                    f"remove {ref.prefix} from the store and run again: only this step is computed anew",
                )
        return ref

    @contextmanager
    def scratch(self, spec: StepSpec) -> Iterator[Path]:
        """A work folder that belongs to the step: kept after a failure so that the phase can resume, then removed."""
        folder = self.work_dir / "scratch" / spec.key[:24]
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

    def publish(self, spec: StepSpec, folder: Path, summary: Summary, seconds: float) -> StepRef:
        """Publish every file of a folder, then the record. Shards that are published already are listed, not sent."""
        self.guard()
        files = [*self.published_shards(spec).values()]
        known = {file.name for file in files}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if name not in known:
                files.append(self._send(spec, name, path))
        files.sort(key=lambda file: file.name)
        record = write_record(spec, files, summary, seconds, self.provenance)
        if not self.store.put_new(f"{spec.prefix}/record.json", record):
            logger.warning("%s was published by another run meanwhile; its result is used", spec.prefix)
        published = self.find(spec)
        assert published is not None, f"{spec.prefix}: the record vanished right after it was written"
        return published.model_copy(update={"is_reused": False})

    def publish_shard(self, spec: StepSpec, name: str, path: Path) -> FileRef:
        """Publish one shard: the file first, its small record last."""
        self.guard()
        file = self._send(spec, name, path)
        self.store.put(f"{spec.prefix}/shards/{name}.json", json.dumps(file.model_dump()).encode())
        return file

    def published_shards(self, spec: StepSpec) -> dict[str, FileRef]:
        """Shards of a step that are whole, by name. A damaged one is reported and left out: it is computed again."""
        shards = {}
        for key in self.store.keys(f"{spec.prefix}/shards/"):
            file = FileRef.model_validate_json(self.store.read(key) or b"")
            if self.store.verify(f"{spec.prefix}/{file.name}", file.sha256, file.size_bytes):
                shards[file.name] = file
            else:
                logger.warning("%s/%s does not match its record and is computed again", spec.prefix, file.name)
        return shards

    def fetch(self, ref: StepRef, name: str) -> Path:
        """One file of a step as a local file, its digest verified. Fetched once."""
        file = next((file for file in ref.files if file.name == name), None)
        if file is None:
            raise StoreError(f"{ref.prefix} holds no file {name}", f"remove {ref.prefix} and run again")
        path = self.work_dir / "cache" / ref.key[:24] / name
        if not (path.exists() and path.stat().st_size == file.size_bytes):
            self.store.get_file(f"{ref.prefix}/{name}", path, file.sha256)
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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def clear_leftovers(self) -> None:
        """Remove what a killed run left beside the scratch of its unfinished steps, which is kept for resuming."""
        for name in ("cache", "engines"):
            shutil.rmtree(self.work_dir / name, ignore_errors=True)

    def clear_cache(self) -> None:
        """Remove local copies; the store keeps the originals."""
        shutil.rmtree(self.work_dir / "cache", ignore_errors=True)

    def _send(self, spec: StepSpec, name: str, path: Path) -> FileRef:
        file = FileRef(name=name, sha256=hash_file(path), size_bytes=os.path.getsize(path))
        self.store.put_file(f"{spec.prefix}/{name}", path, file.sha256)
        return file
