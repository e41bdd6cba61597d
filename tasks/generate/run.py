"""Independent samples of problems, asked so that a kill costs little. Called by generate, calibrate, evaluate, and by
`selfloop stage generate`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from configs.schema.generate import Sampling
from infra.engines.wire import Completion, Messages, Request
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Problem, Sample
from tasks.core.step import derive_seed


@dataclass(frozen=True)
class Drawing:
    """How the samples of each problem are drawn.

    Attributes:
        seed: of the stage; a problem's draws depend on it, on the problem's id and on their numbers.
        variant: `Sample.draw`; variants beside the empty one draw from seeds of their own.
    """

    sampling: Sampling
    num_samples: int
    seed: int
    variant: str = ""


def draw_samples(
    answers: Answers,
    who: Answerer,
    model: str,
    problems: Sequence[Problem],
    drawing: Drawing,
    shard_size: int | None = None,
) -> Iterator[list[Sample]]:
    """The samples of problem after problem, in order of `index`.

    Args:
        model: digest of the model, written into every sample.
        shard_size: problems that are drawn together; default: the recipe's.

    Raises:
        EngineError: the engine could not load the model, or died; the message gives its reason and its log.
    """
    total = len(problems) * drawing.num_samples
    path = (drawing.seed, drawing.variant) if drawing.variant else (drawing.seed,)
    requests = (
        Request(problem.id, chat_of(problem), drawing.num_samples, seed=derive_seed(*path, problem.id))
        for problem in problems
    )
    for _, completions in answers.ask(who, drawing.sampling, requests, total, drawing.variant, shard_size):
        yield [to_sample(completion, model, drawing.variant) for completion in completions]


def draw_variants(
    answers: Answers, who: Answerer, model: str, problems: Sequence[Problem], drawings: Sequence[Drawing]
) -> Iterator[list[Sample]]:
    """The samples of problem after problem, variant after variant, numbered on; arguments and errors as `draw_samples`.

    Variants are drawn one after the other: two streams of questions would meet in one generator.
    """
    for drawing in drawings[:-1]:
        deque(draw_samples(answers, who, model, problems, drawing), maxlen=0)
    streams = [draw_samples(answers, who, model, problems, drawing) for drawing in drawings]
    for parts in zip(*streams, strict=True):
        samples = [sample for part in parts for sample in part]
        yield [replace(row, id=f"{row.problem_id}/{place}", index=place) for place, row in enumerate(samples)]


def chat_of(problem: Problem) -> Messages:
    """What an engine reads of a problem."""
    return tuple((message.role, message.content) for message in problem.messages)


def to_sample(completion: Completion, model: str, variant: str = "") -> Sample:
    """A completion of a problem's own chat as a sample; the request's id is the problem's."""
    return Sample(
        id=f"{completion.request_id}/{completion.index}",
        problem_id=completion.request_id,
        index=completion.index,
        text=completion.text,
        finish_reason=completion.finish_reason,
        num_tokens=completion.num_tokens,
        logprob=completion.logprob,
        model=model,
        draw=variant,
    )
