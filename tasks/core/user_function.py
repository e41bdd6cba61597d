"""Functions of the user, named `path/to/file.py:name` in a recipe: verifiers and filters.

A file's folder is importable. It must not start threads or use a GPU while it is imported: processes that run it are
forks of the one that loaded it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from configs.errors import UserError


def load_function(address: str, field: str, arguments: str) -> Any:
    """The function at an address.

    Args:
        field: of the recipe, for messages.
        arguments: what the function takes, for messages, such as `(problem, sample)`.

    Raises:
        UserError: the file or the function is not there, or the file fails.
    """
    path, name = find_file(address, field)
    sys.path.append(str(path.parent))  # last: its neighbours must not hide modules of ours
    spec = importlib.util.spec_from_file_location(f"user_file_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is not a Python file", "give the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses of the file look themselves up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path} cannot be loaded: {error!r}", "mend the file: it is loaded like any module") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise UserError(f"{path} has no function {name}", f"write 'def {name}{arguments}:' in it")
    return function


def find_file(address: str, field: str) -> tuple[Path, str]:
    """File and function name of an address; UserError if there is no such file."""
    location, _, name = address.rpartition(":")
    path = Path(location).resolve()
    if not path.is_file():
        raise UserError(f"{field}: there is no file {path}", "give its path from the folder you run selfloop in")
    return path, name
