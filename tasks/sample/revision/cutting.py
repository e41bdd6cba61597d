"""First attempts that end at their first wrong step, which continuations tell. Pure.

After every step but the last `rollouts` continuations are drawn. The first step after which none of them is right is
wrong, and where there is none, the last one is. What is cut is the attempt itself: the steps before are what
was given to its writer, and the judge's verdict of the whole stays. SuperCorrect (arXiv 2410.09008) and LEMMA (arXiv
2503.17439) let a large model point at the step.

With few rollouts a hard step is called wrong: of one that is right with chance p none of K is with (1 - p)^K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from infra.engines.questions import Completion, Messages, Request
from tasks.core.records import FinishReason, Label, Problem, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.sample.episode import to_sample


def steps_of(text: str, step_end: str) -> list[str]:
    """The steps of a text, each with its end; blank ones belong to the step before."""
    found: list[str] = []
    for piece in text.split(step_end):
        if piece.strip() or not found:
            found.append(piece + step_end)
        else:
            found[-1] += piece + step_end
    whole = "".join(found).removesuffix(step_end)
    return [*found[:-1], whole[len("".join(found[:-1])) :]] if whole.strip() else []


def beginnings(attempt: Sample, step_end: str) -> list[str]:
    """The attempt up to each of its steps but the last."""
    steps = steps_of(attempt.text, step_end)
    return ["".join(steps[:number]) for number in range(1, len(steps))]


def rollout_requests(attempt: Sample, step_end: str, num: int, chat: Messages, seed: int) -> list[Request]:
    """Continuations of each beginning; seeds depend on the attempt and the step alone.

    Args:
        seed: of the episode.
    """
    return [
        Request(f"{attempt.id}:from{place}", chat, num, begun, derive_seed(seed, "cut", attempt.id, place))
        for place, begun in enumerate(beginnings(attempt, step_end), 1)
    ]


def as_answers(
    attempt: Sample, step_end: str, answers: Sequence[Sequence[Completion]], problem: Problem, model: str
) -> list[tuple[Sample, ...]]:
    """The continuations of each beginning, as answers to be judged."""
    return [
        tuple(
            to_sample(row, problem, model, id=f"{attempt.id}.{place}.{row.index}", text=begun + row.text, prefix=begun)
            for row in rows
        )
        for place, (begun, rows) in enumerate(zip(beginnings(attempt, step_end), answers, strict=True), 1)
    ]


def first_wrong_step(opinions: Sequence[Sequence[Verdict]]) -> int | None:
    """Number of the first step, from 1, after which no continuation is right; the last one's where all others have one.
    None where what is missing leaves it open.

    Args:
        opinions: of the continuations after each step but the last.
    """
    for number, verdicts in enumerate(opinions, 1):
        labels = [one.label for one in verdicts]
        if Label.CORRECT in labels:
            continue
        return None if not labels or Label.MISSING in labels else number
    return len(opinions) + 1


def cut_at(attempt: Sample, number: int, step_end: str) -> Sample:
    """The attempt up to a step, of which those before are given."""
    steps = steps_of(attempt.text, step_end)
    text, given = "".join(steps[:number]), "".join(steps[: number - 1])
    if number == len(steps):
        return replace(attempt, prefix=given)
    return replace(attempt, text=text, prefix=given, finish_reason=FinishReason.STEP, logprob=None)
