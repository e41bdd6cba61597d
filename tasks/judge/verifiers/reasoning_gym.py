"""Verifier `reasoning_gym`: the package's own `score_answer`, with the entry that the gold answer holds.

The package evaluates answers of some tasks; `gym_answer.py` says which it is shown. A score that is no number, and an
error of the package, give no verdict.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from configs.errors import UserError
from configs.schema.verifiers.gym import ReasoningGymVerifier
from infra.gym.package import INSTALL, GymError, from_json, installed_version, make_task, own_settings, to_json
from tasks.judge.verifiers.finding import (
    Finding,
    explain_missing,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)
from tasks.judge.verifiers.gym_answer import explain_danger, find_gym_answer

VERSION = 3
_NEARLY = 1e-9
"""scores are quotients: 0.3 / 0.3 may be a little less than 1"""


def require_package() -> None:
    """UserError if the package is missing; else it is imported, once for all workers."""
    try:
        own_settings("chain_sum", None, {})
    except GymError as error:
        raise UserError(f"the verifier 'reasoning_gym' needs the package reasoning-gym: {error}", INSTALL) from error


def versions() -> dict[str, int | str]:
    """What makes verdicts new: another release of the package may score otherwise."""
    return {"reasoning_gym": VERSION, "reasoning-gym": installed_version() or "not installed"}


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: ReasoningGymVerifier) -> Finding:
    """Score the text's answer.

    Raises:
        ValueError: the gold answer is none of the source `reasoning_gym`.
    """
    asked = _read_gold(gold or "")
    answer = extract(text, config)
    if answer is None:
        find_answer_text(text, config)  # says why, where thinking is not finished
        return Finding(note="no answer found")
    if (danger := explain_danger(answer, asked["task"])) is not None:
        return Finding(note=danger)
    score = float(_scorer(asked["task"], to_json(asked["settings"])).score_answer(answer, asked["entry"]))
    if not math.isfinite(score):
        return Finding(answer, note=f"the package scores it {score}")
    return Finding(answer, score >= config.threshold - _NEARLY, score)


@unread_has_no_answer
def extract(text: str, config: ReasoningGymVerifier) -> str | None:
    """The answer as it stands in the text; None where there is none."""
    said = find_answer_text(text, config)
    if said is None:
        return None
    return (said or None) if config.pattern else find_gym_answer(said)


def explain_gold(gold: str | None, config: ReasoningGymVerifier) -> str | None:
    """Why gold is no entry of the package; None if it is."""
    if explain_missing(gold) is not None:
        return explain_missing(gold)
    try:
        _read_gold(gold or "")
    except ValueError as error:
        return f"has a gold answer that the package reasoning-gym cannot score with: {error}"
    return None


def _read_gold(gold: str) -> dict[str, Any]:
    """Task, settings and entry. ValueError if one is missing."""
    asked = from_json(gold)
    if not isinstance(asked, dict) or {"task", "settings", "entry"} - asked.keys():
        raise ValueError("it is no JSON object with task, settings and entry, as the source reasoning_gym writes it")
    if not isinstance(asked["entry"], dict) or {"answer", "metadata"} - asked["entry"].keys():
        raise ValueError("its entry has no answer and metadata")
    return asked


@functools.lru_cache(maxsize=16)
def _scorer(task: str, settings: str) -> Any:
    """Some tasks take a second to make."""
    return make_task(task, from_json(settings))
