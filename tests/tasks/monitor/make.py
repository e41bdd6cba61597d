"""Small groups for the tests of this folder, written as strings: one character a sample."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.records import FinishReason, Label, Message, Problem, Sample, Verdict
from tasks.monitor.group import RoundGroup

LABELS = {"c": Label.CORRECT, "w": Label.WRONG, "t": Label.TRUNCATED, "u": Label.UNPARSEABLE, "s": Label.UNSCORED}


def sample(problem_id: str, index: int, text: str, draw: str = "", model: str = "m1") -> Sample:
    return Sample(
        f"{problem_id}/{index}", problem_id, index, text, FinishReason.STOP, len(text), None, model,
        draw=draw, privileged=draw in ("hinted", "guided"),
    )  # fmt: skip


def verdict(of: Sample, judge: str, label: str, score: float | None, answer: str | None = None) -> Verdict:
    return Verdict(of.id, of.problem_id, judge, label, score, answer)


def group(
    correct: str | None,
    kept: str = "",
    problem_id: str = "p",
    texts: Sequence[str] | None = None,
    scores: Sequence[float | None] = (),
    labels: str = "",
    answers: Sequence[str | None] = (),
    judge: str = "rubric",
    draws: Sequence[str] = (),
    models: Sequence[str] = (),
) -> RoundGroup:
    """A problem's samples.

    Args:
        correct: 1 or 0 a sample against gold; None: not known.
        kept: 1 or 0 a sample; default: what is correct.
        scores, labels (a letter of LABELS, default s), answers: of the judge; none where all are missing.
    """
    size = len(correct or kept or scores or texts or ())
    texts = texts or [f"text {index}" for index in range(size)]
    samples = [
        sample(problem_id, index, text, draws[index] if draws else "", models[index] if models else "m1")
        for index, text in enumerate(texts)
    ]
    named = labels or "s" * size
    verdicts = [
        verdict(one, judge, LABELS[named[i]], scores[i] if scores else None, answers[i] if answers else None)
        for i, one in enumerate(samples)
    ]
    return RoundGroup(
        Problem(problem_id, (Message("user", "?"),)),
        samples,
        {judge: verdicts} if scores or answers or labels else {},
        correct=None if correct is None else [letter == "1" for letter in correct],
        kept=[letter == "1" for letter in kept or correct or "0" * size],
    )
