"""The place of what is published: whole or not at all, and nothing else is ever replaced."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import UserError
from tasks.publish.folders import is_published


@contextmanager
def in_place_of(target: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder beside the target that takes its place at the end, whole or not at all.

    Raises:
        UserError: the target is there, and may not be replaced.
    """
    is_there = target.is_symlink() or target.exists()
    if is_there and not (target.is_dir() and not any(target.iterdir())):
        if not overwrite:
            raise UserError(f"{target} is there already", "name another folder, or write --overwrite to replace it")
        if not is_published(target):
            raise UserError(
                f"{target} holds other things than what was published, and stays as it is",
                "name a folder that does not exist, or one that selfloop publish made",
            )
    new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=made_folder(target.absolute().parent)))
    try:
        yield new
        new.chmod(0o755)  # mkdtemp keeps it from others
        if is_there:
            gone = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=new.parent)) / "old"
            os.rename(target, gone)
            os.rename(new, target)
            shutil.rmtree(gone.parent)
        else:
            os.rename(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def made_folder(folder: Path) -> Path:
    """A folder, made with its parents where it is not there; UserError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder {folder} cannot be made: {error.strerror}", "name another one in --to") from error
    return folder
