"""What the name of a benchmark's task stands for, as a digest. Used by `contents.py`.

A task of the library is its name: the library's version stands in the key beside it. A task's own file counts by what
it holds and by the files that it names: what it includes, its data where they lie on this disk, the modules of its
functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from configs.errors import ProblemsError
from configs.schema.benchmarks import TASK_FILES
from infra.store.files import sha256_of
from tasks.core.step import digest

FUNCTION = "!function"
NAMING = ("include", "dataset_path", "data_files", "data_dir")
"""keys of a task's file whose texts may name files"""


def digest_task(name: str, base_dir: Path) -> str:
    """64 hexadecimal digits.

    Raises:
        ProblemsError: there is no such file, or it is no YAML.
    """
    if not name.endswith(TASK_FILES):
        return digest({"task": name})
    path = base_dir / Path(name).expanduser()
    if not path.is_file():
        raise ProblemsError(f"there is no file {name}", "correct the path; relative ones begin at the current folder")
    return digest([sha256_of(file) for file in _files(path, set())])


def _files(path: Path, seen: set[Path]) -> Iterator[Path]:
    """The file, and those that it names, in the order in which they stand there, once each."""
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    yield path
    if path.suffix not in TASK_FILES:
        return
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProblemsError(f"{path} is no YAML: {' '.join(str(error).split())}", "mend the task's file") from None
    for name in _names(tree):
        beside = path.parent / Path(name).expanduser()
        if beside.is_dir():
            yield from sorted(file for file in beside.rglob("*") if file.is_file())
        elif beside.is_file():
            yield from _files(beside, seen)


def _names(part: Any) -> Iterator[str]:
    """Texts that may name files."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in NAMING:
                yield from _texts(value)
            else:
                yield from _names(value)
    elif isinstance(part, list):
        for value in part:
            yield from _names(value)
    elif isinstance(part, str) and part.startswith(FUNCTION):
        yield f"{part.removeprefix(FUNCTION).strip().rpartition('.')[0].replace('.', '/')}.py"


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, (dict, list)):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _texts(value)


class _Loader(yaml.SafeLoader):
    """Reads the library's tag for functions as a text."""


_Loader.add_constructor(FUNCTION, lambda loader, node: f"{FUNCTION} {node.value}")
