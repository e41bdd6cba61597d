"""Asking about items, whatever they are: questions out, answers back in their places, judgements of each item.

The judges that ask a model ask so about samples (`tasks/judge/ask.py`), the meta stage about judgements. What was
answered before is not asked again (`answers.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from configs.schema.drawing import Sampling
from configs.schema.judges.base import Wants
from infra.engines.questions import Request
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Judgement
from tasks.core.step import derive_seed

Item = TypeVar("Item")


@dataclass(frozen=True)
class Asking:
    """How somebody asks.

    Attributes:
        wants: which service of the answerer.
        questions: from some groups to what is asked about them.
        judgements: from (groups, questions, answers in the questions' places) to rows.
        sampling: how text is drawn; None where none is.
    """

    name: str
    wants: Wants
    questions: Callable[[Sequence[Any]], Sequence[Any]]
    judgements: Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], list[Judgement]]
    sampling: Sampling | None = None
    seed: int = 0


def ask_about(items: Iterable[Item], asking: Asking, who: Answerer, answers: Answers) -> Iterator[list[Judgement]]:
    """The judgements of item after item; the model is loaded only if something is to be asked.

    A question without an answer has a `Missing` in the place of it, of which the judge's kind makes a judgement without
    a score.

    Raises:
        EngineError: the engine or the server failed.
        UserError: a question does not fit into the model's context; the message names the sample.
    """
    waiting: deque[tuple[Item, Sequence[Any]]] = deque()

    def questions() -> Iterator[Any]:
        for item in items:
            asked = [_seeded(question, asking.seed) for question in asking.questions([item])]
            waiting.append((item, asked))
            yield from asked

    found: list[Any] = []
    for answer in _answers(questions(), asking, who, answers):
        while not waiting[0][1]:  # nothing was asked about it
            yield asking.judgements([waiting.popleft()[0]], [], [])
        found.append(answer)
        if len(found) == len(waiting[0][1]):
            item, asked = waiting.popleft()
            yield asking.judgements([item], asked, found)
            found = []
    for item, _ in waiting:
        yield asking.judgements([item], [], [])


def _answers(questions: Iterator[Any], asking: Asking, who: Answerer, answers: Answers) -> Iterator[Any]:
    if asking.wants == "text":
        assert asking.sampling is not None
        return (rows for _, rows in answers.ask(who, asking.sampling, questions, note=asking.name))
    services: dict[str, Callable[..., Iterator[Any]]] = {
        "logprobs": answers.score, "rating": answers.rate, "embedding": answers.embed,
    }  # fmt: skip
    return services[asking.wants](who, questions, asking.name)


def _seeded(question: Any, seed: int) -> Any:
    """A request with a seed of its own; other questions need none."""
    return replace(question, seed=derive_seed(seed, question.id)) if isinstance(question, Request) else question
