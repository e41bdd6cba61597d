"""Problems of a task of the package reasoning-gym (arXiv 2505.24760), drawn by seed.

Called by `sources.py`. The package runs in a child process (`infra/gym/draw_program.py`), which leaves the problems in
a temporary file. The gold answer is JSON of the whole entry with the task's settings, as the verifier `reasoning_gym`
reads it; the worked solution is the entry's own answer, where it has one.
"""

from __future__ import annotations

import difflib
import json
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from configs.errors import ProblemsError
from configs.schema.problems import ReasoningGymSource
from infra.gym.draw_program import VERSION as DRAW_VERSION
from infra.gym.package import INSTALL, from_json, installed_version
from infra.process.child import Child
from infra.text.outside import explain_text
from tasks.core.records import Message, Problem
from tasks.sample.problems.mapping import render_fields
from tasks.sample.problems.sets import fingerprint

VERSION = 2
"""raised when an entry would become another problem"""
ID_LENGTH = 16
REQUEST = {"task", "level", "difficulty", "seed", "num_problems"}
KEPT = 16
"""sets whose rows stay in memory, about 6 MB each"""
NEAR = 5
"""names that a message shows for one that is not known"""


def versions() -> dict[str, int | str]:
    """What makes problems new: other code here, and another release of the package."""
    return {"gym": VERSION, "gym_draw": DRAW_VERSION, "reasoning-gym": installed_version() or "not installed"}


def draw_gym_problems(source: ReasoningGymSource, part: str) -> Iterator[Problem]:
    """`num_problems` problems, each once. Which set a question belongs to is said by the question alone.

    Args:
        part: warm_start | train | select | report; the first two share questions.

    Raises:
        ProblemsError: the package is missing, has no such task, level or setting, or the task has too few questions.
    """
    for row in _rows(json.dumps({**source.model_dump(mode="json", include=REQUEST), "part": part})):
        yield _to_problem(row, source)


@lru_cache(maxsize=KEPT)
def _rows(request: str) -> tuple[dict[str, str], ...]:
    """What the package draws. The methods of a study are checked one after the other, and ask for the same."""
    with tempfile.TemporaryDirectory(prefix="selfloop-gym-") as folder:
        path = Path(folder, "rows.jsonl")
        asked = json.loads(request)
        answer = _run_program({**asked, "out": str(path)}, Path(folder, "log"))
        if "error" in answer:
            raise _to_problems_error(asked, answer)
        return tuple(json.loads(row) for row in path.read_text(encoding="utf-8").splitlines())


def _run_program(request: dict[str, Any], log_path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "infra.gym.draw_program", json.dumps(request)]
    with Child(command, log_path=log_path, env={"PYTHONHASHSEED": "0"}) as child:
        answer = next(child.messages(), None)
        if answer is None:
            raise ProblemsError(
                f"reasoning_gym {request['task']}: the process that draws it ended early:\n{child.log_tail()}",
                "choose other settings or another task; the last lines above say why",
            )
        child.wait()
        return answer


def _to_problem(row: dict[str, str], source: ReasoningGymSource) -> Problem:
    question, answer = row["question"], row["answer"]
    for text in (question, answer or "", row["gold"]):
        if (complaint := explain_text(text)) is not None:
            raise ProblemsError(f"reasoning_gym {source.task} gives a text with {complaint}", "choose another task")
    fields = {"question": question, "answer": answer, "metadata": from_json(row["gold"])["entry"].get("metadata")}
    where = f"reasoning_gym {source.task}"
    return Problem(
        id=f"{source.task}/{fingerprint([Message('user', question)])[:ID_LENGTH]}",
        messages=(Message("user", render_fields(source.prompt, fields, "prompt", where)),),
        gold=row["gold"],
        solution=render_fields(source.solution, fields, "solution", where) if answer and answer.strip() else None,
        tags=(f"task={source.task}", *(() if source.level is None else (f"level={source.level}",))),
    )


def _to_problems_error(asked: dict[str, Any], answer: dict[str, Any]) -> ProblemsError:
    detail, choices, name = answer["detail"], answer["choices"], f"reasoning_gym {asked['task']}"
    if answer["error"] == "not_installed":
        return ProblemsError(f"the package reasoning-gym cannot be imported: {detail}", INSTALL)
    if answer["error"] == "unknown_task":
        near = difflib.get_close_matches(detail, choices, n=NEAR) or choices
        return ProblemsError(f"reasoning-gym has no task '{detail}'", f"write for task one of: {', '.join(near)}")
    if answer["error"] == "unknown_setting":
        return ProblemsError(f"{name} has no setting '{detail}'", f"write in difficulty some of: {', '.join(choices)}")
    if answer["error"] == "bad_level":
        return ProblemsError(f"{name} {detail}", "write another level, or its settings in difficulty")
    if answer["error"] == "bad_setting":
        return ProblemsError(f"{name} refuses its settings: {detail}", "correct difficulty or level")
    failed = f"; the last one it failed to make: {detail}" if detail else ""
    fewer = f"num_problems: {choices[0]} or fewer, " if choices[0] != "0" else ""
    return ProblemsError(
        f"{name} has {choices[0]} different problems for {asked['part']}, and num_problems asks for "
        f"{asked['num_problems']}{failed}",
        f"write {fewer}another level, or settings in difficulty that allow more",
    )
