"""Tasks of lm-evaluation-harness, from the control side: which there are, and their results with a model that is open.

The library runs in a program of its own (`program.py`), which loads no weights: what it wants to know of the model it
asks here, and here the open session is asked. Questions and answers travel in files.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine, VllmEngine
from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import run_job
from infra.engines.questions import (
    Completion,
    Missing,
    Read,
    Reading,
    Request,
)

PROGRAM = "infra.engines.harness.program"
WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "false"}
SCORES_FILE, ITEMS_FILE = "scores.jsonl", "items.jsonl"

PACKAGE = "lm-eval"

AskTexts = Callable[[Sampling, Iterable[Request]], Iterable[Completion | Missing]]
AskReadings = Callable[[Iterable[Reading]], Iterable[Read | Missing]]


@dataclass(frozen=True)
class Wanted:
    """A task, a group or a tag, as a recipe names it; `task` may be the path of a file."""

    task: str
    num_fewshot: int | None = None
    limit: int | float | None = None


@dataclass(frozen=True)
class FoundTask:
    """A task that is there.

    Attributes:
        asked_as: the name in the recipe, which may be of a group.
        num_items: items that would be read; None: its data were not looked at.
    """

    asked_as: str
    name: str
    num_items: int | None


@dataclass(frozen=True)
class Prompts:
    """How items are shown: as plain text, or as chats; with a system message."""

    chat: bool = False
    system: str | None = None


@dataclass(frozen=True)
class Asked:
    """Who answers what tasks want to know. Both give one answer a question, in their order."""

    texts: AskTexts
    readings: AskReadings


def look_at_tasks(wanted: Sequence[Wanted], base_dir: Path, work_dir: Path, *, with_data: bool) -> list[FoundTask]:
    """The tasks that names stand for.

    Args:
        base_dir: relative paths begin here.
        with_data: fetch and count their items too.

    Raises:
        EngineError: there is no such task, and which are called alike; its data cannot be had; or the library is not
            installed.
    """
    request = {**_request(wanted, base_dir), "with_data": with_data}
    answer = _run(request, work_dir)
    return [FoundTask(**row) for row in answer["tasks"]]


def run_tasks(
    wanted: Sequence[Wanted],
    prompts: Prompts,
    model: ModelFiles,
    asked: Asked,
    *,
    engine: TransformersEngine | VllmEngine,
    seed: int,
    base_dir: Path,
    work_dir: Path,
) -> None:
    """Evaluate the model on tasks; `scores.jsonl` and `items.jsonl` in `work_dir` say what came out (`results.py`).

    Args:
        model: its tokenizer, chat template and configuration are read.
        asked: the same model, open.
        engine: that it is open in.
        seed: of tasks that sample.
        work_dir: an empty folder.

    Raises:
        EngineError: as of `look_at_tasks`; or a task wants something that no engine does.
    """
    request = {
        **_request(wanted, base_dir), "prompts": asdict(prompts), "model": model.to_json(),
        "max_length": engine.max_model_length, "beyond": engine.reads_beyond, "seed": seed, "work_dir": str(work_dir),
    }  # fmt: skip
    _run(request, work_dir, lambda message: _answer(message, asked))


def installed_version() -> str | None:
    """Of the library; None where it is not installed."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a file with one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file with one JSON object a line."""
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def _request(wanted: Sequence[Wanted], base_dir: Path) -> dict[str, Any]:
    return {"wanted": [asdict(one) for one in wanted], "base_dir": str(base_dir.absolute())}


def _run(
    request: dict[str, Any], work_dir: Path, on_ask: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> dict[str, Any]:
    return run_job(
        PROGRAM, request, what="evaluate.benchmarks", work_dir=work_dir, env=WITHOUT_GPU, on_ask=on_ask or _ask_nobody,
        forks=False,
    )  # fmt: skip


def _ask_nobody(message: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"nothing is to be asked where tasks are looked at: {message}")


def _answer(message: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Answer a file of questions by a file of answers; what has no answer is an empty object."""
    answers: Iterable[dict[str, Any]]
    rows = enumerate(read_rows(Path(message["asked"])))
    if message["what"] == "texts":
        requests = (
            Request(str(n), (), 1, seed=row["seed"], first=row["draw"], tokens=tuple(row["tokens"])) for n, row in rows
        )
        found = asked.texts(Sampling(**message["sampling"]), requests)
        answers = ({"text": one.text} if isinstance(one, Completion) else {} for one in found)
    else:
        readings = (Reading(str(n), tuple(row["prompt"]), tuple(row["completion"])) for n, row in rows)
        answers = (
            {"logprob": one.logprob, "is_greedy": one.is_greedy} if isinstance(one, Read) else {}
            for one in asked.readings(readings)
        )
    write_rows(Path(message["answered"]), answers)
    return {}
