"""Small values for the tests of judging."""

from __future__ import annotations

from tasks.core.records import FinishReason, Message, Problem, Sample


def make_problem(problem_id: str = "p", gold: str | None = "72") -> Problem:
    return Problem(problem_id, (Message("user", "How many?"),), gold)


def make_sample(text: str, problem_id: str = "p", index: int = 0, is_truncated: bool = False) -> Sample:
    reason = FinishReason.LENGTH if is_truncated else FinishReason.STOP
    return Sample(f"{problem_id}/{index}", problem_id, index, text, reason, len(text), -1.0, "model")
