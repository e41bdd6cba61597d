"""Asking judges' models about samples: questions out, answers back in their places, judgements kept.

What is asked and how answers are read is said by the judge's kind (`kind.py`), who answers by `world.py`; what was
answered before is not asked again (`tasks/core/answers.py`). The meta stage asks in the same way about judgements.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from configs.schema.generate import Sampling
from configs.schema.judge import Judge, Wants
from infra.engines.wire import Request
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Judgement, Sample
from tasks.core.step import derive_seed
from tasks.judge.judgements import Judgements
from tasks.judge.kinds.registry import kind_of
from tasks.judge.world import PlannedPass, World, plan_passes

Item = TypeVar("Item")


@dataclass(frozen=True)
class Asking:
    """How one judge asks.

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


def ask_models(judges: Sequence[Judge], samples: Iterable[Sample], world: World, kept: Judgements) -> None:
    """Ask about every sample what these judges have to ask.

    Args:
        samples: read once for every pass.

    Raises:
        EngineError: an engine could not load a model, or died.
        RecipeError: a judge could not judge with these models.
    """
    asking = [judge for judge in judges if judge.passes]
    if not asking:
        return
    if world.bench is None or world.cast is None or world.answers is None:
        raise LookupError(f"judge '{asking[0].name}' asks a model, and this world has none")
    assert iter(samples) is not samples, "samples are read once for every pass: give a list, or what opens them anew"
    for one in plan_passes(asking, world.cast):
        groups = one.groups(world.bench, samples, world)
        asked = ask_about(groups, _asking(one, world), one.answerer(world.bench), world.answers)
        kept.put(one.judge.name, one.asked.name, (row for rows in asked for row in rows))


def ask_about(items: Iterable[Item], asking: Asking, who: Answerer, answers: Answers) -> Iterator[list[Judgement]]:
    """The judgements of item after item; the model is loaded only if something is to be asked.

    A question without an answer has a `Missing` in the place of it, of which the judge's kind makes a judgement without
    a score.

    Raises:
        EngineError: the engine or the server failed.
        GuardError: nothing of what was asked first has an answer.
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
    service = answers.rate if asking.wants == "rating" else answers.score
    return iter(service(who, questions, asking.name))


def _seeded(question: Any, seed: int) -> Any:
    """A request with a seed of its own; other questions need none."""
    return replace(question, seed=derive_seed(seed, question.id)) if isinstance(question, Request) else question


def _asking(one: PlannedPass, world: World) -> Asking:
    assert world.bench is not None, "somebody answers"
    judge, kind, template = one.judge, kind_of(one.judge), one.prompt(world.bench)
    return Asking(
        judge.name,
        one.asked.wants,
        lambda groups: kind.questions(judge, template, groups),
        lambda groups, questions, answers: kind.judgements(judge, groups, questions, answers),
        one.asked.sampling,
        derive_seed(world.seed, judge.name, *filter(None, [one.asked.name])),  # passes draw apart
    )
