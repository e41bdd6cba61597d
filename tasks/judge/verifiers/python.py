"""Verifier `python`: a function of the user, `score(problem, sample)`, from a file of theirs.

It may return True or False (right, wrong), a number (a score that calls nothing right or wrong) or None (no verdict).
What it raises is the sample's verifier error. The file is loaded once, before any sample; workers are forks of the
process that loaded it, so it must not start threads or use a GPU while it is imported. Its folder is importable.
"""

from __future__ import annotations

import importlib.util
import math
import numbers
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from configs.errors import UserError
from tasks.core.records import Problem, Sample
from tasks.judge.verifiers.finding import Finding, NoVerdictError

VERSION = 1
Score = Callable[[Problem, Sample], Any]


def load_function(address: str) -> Score:
    """The function at `path/to/file.py:name`; UserError if the file or the function is not there."""
    path, name = find_file(address)
    sys.path.append(str(path.parent))  # last: its neighbours must not hide modules of ours
    spec = importlib.util.spec_from_file_location(f"user_file_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is not a Python file", "give the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses of the file look themselves up there
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise UserError(f"{path} has no function {name}", f"write 'def {name}(problem, sample):' in it")
    return function


def find_file(address: str) -> tuple[Path, str]:
    """File and function name of an address; UserError if there is no such file."""
    location, _, name = address.rpartition(":")
    path = Path(location).resolve()
    if not path.is_file():
        raise UserError(
            f"judge.verifier.function: there is no file {path}", "give its path from the folder you run selfloop in"
        )
    return path, name


def verify(function: Score, problem: Problem, sample: Sample) -> Finding:
    """Ask the function about one sample. NoVerdictError if it returns None, ValueError for anything unusable."""
    value = function(problem, sample)
    value = value.item() if hasattr(value, "item") else value  # scalars of numpy and torch
    if value is None:
        raise NoVerdictError("the function returned None")
    if isinstance(value, bool):
        return Finding(is_correct=value)
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"the function returned {value!r}, which is neither a bool nor a finite number nor None")
    return Finding(score=float(value))
