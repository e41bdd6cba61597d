"""Small groups for the tests of this folder, written as strings: one character a sample."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.records import Label
from tasks.monitor.group import RoundGroup
from tests.build.records import make_problem, make_sample, make_verdict

LABELS = {"c": Label.CORRECT, "w": Label.WRONG, "t": Label.TRUNCATED, "u": Label.UNPARSEABLE, "s": Label.UNSCORED}


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
        make_sample(problem_id, i, text, draw=draws[i] if draws else "", model=models[i] if models else "model")
        for i, text in enumerate(texts)
    ]
    named = labels or "s" * size
    verdicts = [
        make_verdict(
            one, LABELS[named[i]], judge, score=scores[i] if scores else None, answer=answers[i] if answers else None
        )
        for i, one in enumerate(samples)
    ]
    return RoundGroup(
        make_problem(problem_id),
        samples,
        {judge: verdicts} if scores or answers or labels else {},
        correct=None if correct is None else [letter == "1" for letter in correct],
        kept=[letter == "1" for letter in kept or correct or "0" * size],
    )
