"""Content digests of the files that problem sources read: what of the outside world enters a step's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.problems import FileSource, HubSource, Source, StoreSource
from infra.store.files import sha256_of
from tasks.core.step import digest


def digest_sources(
    sources: Mapping[str, Source], base_dir: Path, fetch: Callable[[StoreSource], Path]
) -> dict[str, str]:
    """SHA-256 of each outside file, by set name. Built-in sources have none: their settings say everything.

    A hub dataset is known by its id and revision; a local copy of one by the content of its files.

    Raises:
        ProblemsError: a file is missing.
    """
    found = {}
    for part, source in sources.items():
        if isinstance(source, FileSource):
            found[part] = _hash(base_dir / Path(source.path).expanduser(), source.path)
        elif isinstance(source, StoreSource):
            found[part] = source.sha256 or _hash(fetch(source), source.key)
        elif isinstance(source, HubSource) and source.local_path is not None:
            found[part] = _hash_folder(base_dir / Path(source.local_path).expanduser(), source.local_path)
    return found


def _hash(path: Path, name: str) -> str:
    if not path.is_file():
        raise ProblemsError(f"there is no file {name}", "correct the path; relative ones begin at the current folder")
    return sha256_of(path)


def _hash_folder(folder: Path, name: str) -> str:
    if not folder.is_dir():
        raise ProblemsError(
            f"there is no folder {name}", "correct local_path; relative ones begin at the current folder"
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest([[path.relative_to(folder).as_posix(), sha256_of(path)] for path in files])
