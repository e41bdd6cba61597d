"""Tasks of lm-evaluation-harness: found by name or file, loaded with their data, evaluated. Used by `program.py`."""

from __future__ import annotations

import contextlib
import difflib
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from lm_eval.api.model import LM
from lm_eval.defaults import DEFAULT_OTHER_SEED, DEFAULT_RANDOM_SEED
from lm_eval.evaluator import evaluate
from lm_eval.evaluator_utils import get_sample_size
from lm_eval.tasks import TaskManager

from configs.errors import EngineError
from configs.schema.benchmarks import TASK_FILES

ALIKE = 4
"""names shown in place of one that is not known"""
HUB_FIX = (
    "let this machine reach the Hugging Face hub (HF_TOKEN for data that ask for one), or copy the cache of one that "
    "can (HF_HOME); or write a task's YAML file of your own over a local file"
)
NAMES_FIX = "lm-eval ls tasks lists them; a task of one's own is named by the path of its YAML file"
FILE_FIX = "correct the task's file; paths in it begin at its folder"
Wanted = Mapping[str, Any]


class Library:
    """The tasks that a recipe names.

    Args:
        wanted: rows of `run.Wanted`.
    """

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._check_names()

    @cached_property
    def _manager(self) -> TaskManager:
        """Reading the names of all tasks takes seconds: not where every one is a file."""
        return TaskManager(include_defaults=not all(_is_file(one["task"]) for one in self._wanted))

    def describe(self, *, with_data: bool) -> list[dict[str, Any]]:
        """Rows of `run.FoundTask`."""
        if not with_data:
            return [{"asked_as": one["task"], "name": one["task"], "num_items": None} for one in self._wanted]
        return [
            {"asked_as": one["task"], "name": name, "num_items": _num_items(task, one["limit"])}
            for one in self._wanted
            for name, task in self.load(one["task"])["tasks"].items()
        ]

    def load(self, name: str) -> Any:
        """What a name stands for, with its data: tasks and groups.

        Raises:
            EngineError: it cannot be loaded, runs what models write, or shows pictures.
        """
        try:
            with _at(name):
                loaded = self._manager.load([str(Path(name).absolute().name) if _is_file(name) else name])
        except Exception as error:  # files, data sets and functions of tasks fail in any way that a program can
            words = " ".join(str(error).split())[:400] or type(error).__name__
            what = f"the benchmark {name} cannot be loaded: {type(error).__name__}: {words}"
            raise EngineError(what, FILE_FIX if _is_file(name) else HUB_FIX) from error
        for task_name, task in loaded["tasks"].items():
            _check(name, task_name, task)
        return loaded

    def evaluate(self, wanted: Wanted, model: LM, prompts: Mapping[str, Any]) -> Any:
        """Results of one name, as the library gives them.

        What the library's `simple_evaluate` does before; that function also asks the machine what it is, for many
        seconds.
        """
        loaded = self.load(wanted["task"])
        random.seed(DEFAULT_RANDOM_SEED)
        np.random.seed(DEFAULT_OTHER_SEED)
        for task in loaded["tasks"].values():
            _set_shots(task, wanted["num_fewshot"])
        return evaluate(
            model,
            loaded,
            limit=wanted["limit"],
            apply_chat_template=prompts["chat"],
            fewshot_as_multiturn=True,
            system_instruction=prompts["system"],
        )

    def _check_names(self) -> None:
        for name in (one["task"] for one in self._wanted):
            if _is_file(name):
                _check_file(name)
            elif name not in self._manager.task_index:
                alike = difflib.get_close_matches(name, self._manager.all_tasks, ALIKE)
                raise EngineError(
                    f"lm-eval has no task, group or tag called {name}",
                    f"write {' or '.join(alike)}" if alike else NAMES_FIX,
                )
            elif (self._manager.task_index[name].cfg or {}).get("unsafe_code"):
                raise _unsafe(name, name)


def _check_file(name: str) -> None:
    if not Path(name).is_file():
        raise EngineError(f"there is no file {name}", "correct the path; relative ones begin at the current folder")


def _is_file(name: str) -> bool:
    return name.endswith(TASK_FILES)


@contextlib.contextmanager
def _at(name: str) -> Iterator[None]:
    """Stand in the folder of a task's file: paths in it begin there."""
    before = Path.cwd()
    os.chdir(Path(name).absolute().parent if _is_file(name) else before)
    try:
        yield
    finally:
        os.chdir(before)


def _set_shots(task: Any, num_fewshot: int | None) -> None:
    """As many examples as asked for, but none where the task's own file says so."""
    own = task.get_config("num_fewshot")
    if num_fewshot is not None and own != 0:
        task.set_config(key="num_fewshot", value=num_fewshot)
    elif own is None:
        task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(seed=DEFAULT_OTHER_SEED)


def _num_items(task: Any, limit: int | float | None) -> int:
    number, most = len(task.eval_docs), get_sample_size(task, limit)
    return number if most is None else min(number, most)


def _check(name: str, task_name: str, task: Any) -> None:
    if getattr(task, "UNSAFE_CODE", False) or task.get_config("unsafe_code"):
        raise _unsafe(name, task_name)
    if getattr(task, "MULTIMODAL", False):
        raise EngineError(
            f"the benchmark {name}: {task_name} shows pictures, and models here read text", "leave it out"
        )
    if not len(task.eval_docs):
        raise EngineError(f"the benchmark {name}: {task_name} has no items", FILE_FIX if _is_file(name) else HUB_FIX)


def _unsafe(name: str, task_name: str) -> EngineError:
    return EngineError(
        f"the benchmark {name}: {task_name} runs programs that models write, outside of any sandbox",
        "leave it out; verifiers of the kind code run programs in a sandbox, on problems of your own",
    )
