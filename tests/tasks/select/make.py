"""Small values for the tests of selection."""

from __future__ import annotations

from tasks.records import FinishReason, Label, Sample, Verdict
from tasks.select.candidate import Candidate


def make_sample(
    problem_id: str = "p", index: int = 0, text: str | None = None, num_tokens: int = 5, is_truncated: bool = False
) -> Sample:
    reason = FinishReason.LENGTH if is_truncated else FinishReason.STOP
    text = f"text {index}" if text is None else text
    return Sample(f"{problem_id}/{index}", problem_id, index, text, reason, num_tokens, -1.0, "model")


def make_verdict(
    sample: Sample, judge: str = "answer", label: str = Label.CORRECT, score: float | None = 1.0
) -> Verdict:
    return Verdict(sample.id, sample.problem_id, judge, str(label), score)


def make_candidate(
    problem_id: str = "p",
    index: int = 0,
    label: str = Label.CORRECT,
    score: float | None = 1.0,
    text: str | None = None,
    num_tokens: int = 5,
    is_truncated: bool = False,
) -> Candidate:
    sample = make_sample(problem_id, index, text, num_tokens, is_truncated)
    return Candidate(sample, {"answer": make_verdict(sample, label=label, score=score)})
