"""Small values for the tests of selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy  # noqa: F401 - loaded here, before hypothesis times a test

from tasks.core.joined import Candidate
from tasks.core.records import FinishReason, Label, Message, Problem, Sample, Verdict
from tasks.select.filters.filter import Group


def make_problem(
    problem_id: str = "p", gold: str | None = None, solution: str | None = None, tags: tuple[str, ...] = ()
) -> Problem:
    return Problem(problem_id, (Message("user", f"question {problem_id}"),), gold, solution, tags)


def make_sample(
    problem_id: str = "p",
    index: int = 0,
    text: str | None = None,
    num_tokens: int = 5,
    is_truncated: bool = False,
    draw: str = "",
    prefix: str = "",
) -> Sample:
    reason = FinishReason.LENGTH if is_truncated else FinishReason.STOP
    text = f"text {index}" if text is None else text
    return Sample(
        f"{problem_id}/{index}", problem_id, index, text, reason, num_tokens, -1.0, "model",
        draw=draw, prefix=prefix, privileged=draw in ("hinted", "guided"),
    )  # fmt: skip


def make_verdict(
    sample: Sample,
    judge: str = "answer",
    label: str = Label.CORRECT,
    score: float | None = 1.0,
    answer: str | None = None,
    spread: float | None = None,
) -> Verdict:
    return Verdict(sample.id, sample.problem_id, judge, str(label), score, answer, None, spread)


def make_candidate(
    problem_id: str = "p",
    index: int = 0,
    label: str = Label.CORRECT,
    score: float | None = 1.0,
    text: str | None = None,
    num_tokens: int = 5,
    is_truncated: bool = False,
    answer: str | None = None,
    draw: str = "",
    prefix: str = "",
    problem: Problem | None = None,
) -> Candidate:
    sample = make_sample(problem_id, index, text, num_tokens, is_truncated, draw, prefix)
    verdict = make_verdict(sample, label=label, score=score, answer=answer)
    return Candidate(sample, {"answer": verdict}, problem or make_problem(problem_id))


def make_scored(
    scores: Sequence[float | None],
    num_chars: Sequence[int] | None = None,
    spreads: Sequence[float] | None = None,
    problem_id: str = "p",
) -> Group:
    """One problem's samples with the scores of a judge `rubric`; texts differ, whatever their lengths."""
    group = []
    for index, score in enumerate(scores):
        text = f"{index}".ljust(num_chars[index] if num_chars else 4, "x")
        sample = make_sample(problem_id, index, text)
        spread = spreads[index] if spreads else None
        label = Label.UNPARSEABLE if score is None else Label.UNSCORED
        verdict = make_verdict(sample, "rubric", label, score, spread=spread)
        group.append(Candidate(sample, {"rubric": verdict}, make_problem(problem_id)))
    return group


def with_scores(group: Group, scores: Mapping[str, Sequence[float | None]]) -> Group:
    """The same samples with scores of further judges, by judge name."""
    return [
        Candidate(
            one.sample,
            {**one.verdicts, **{judge: make_verdict(one.sample, judge, Label.UNSCORED, values[place])
                                for judge, values in scores.items()}},
            one.problem,
        )
        for place, one in enumerate(group)
    ]  # fmt: skip
