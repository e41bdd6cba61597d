"""Asking one judge's models: questions to a pool shard by shard, answers back in their places, judgements kept as they
come.

What is asked and how answers are read is said by the judge's kind (`kind.py`), who answers by `world.py`. The meta
stage asks in the same way about judgements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from configs.schema.generate import Sampling
from configs.schema.judge import Judge, Wants
from infra.engines.pool import Pool
from infra.engines.wire import Completion, Request, Shard
from tasks.core.progress import StageProgress
from tasks.core.records import Judgement, Sample
from tasks.core.step import derive_seed
from tasks.judge.judgements import Judgements
from tasks.judge.kinds.registry import kind_of
from tasks.judge.world import PlannedPass, World, plan_passes

Item = TypeVar("Item")
OnProgress = Callable[[int, int], None]
"""Called with the questions answered and the tokens written so far."""


@dataclass(frozen=True, slots=True)
class GroupShard(Generic[Item]):
    """Consecutive groups that are judged together; `number` counts from 0."""

    number: int
    groups: tuple[Item, ...]


Finished = Iterator[tuple[GroupShard[Any], list[Judgement]]]


@dataclass(frozen=True)
class Asking:
    """How one judge asks.

    Attributes:
        wants: which service of the pool answers.
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
    """Ask about every sample what these judges have to ask, as far as it is not kept already.

    Args:
        samples: read once for every pass.

    Raises:
        EngineError: an engine could not load a model, or died.
        RecipeError: a judge could not judge with these models.
    """
    asking = [judge for judge in judges if judge.passes]
    if not asking:
        return
    if world.bench is None or world.cast is None:
        raise LookupError(f"judge '{asking[0].name}' asks a model, and this world has none")
    assert iter(samples) is not samples, "samples are read once for every pass: give a list, or what opens them anew"
    for one in plan_passes(asking, world.cast):
        groups = one.groups(world.bench, samples, world)
        ask_pass(one, cut_groups(groups, world.bench.recipe.generate.shard_size), world, kept)


def ask_pass(one: PlannedPass, shards: Iterable[GroupShard[Any]], world: World, kept: Judgements) -> None:
    """Ask about the shards that are not kept yet; the model is loaded only if there is one."""
    assert world.bench is not None, "somebody answers"
    bench, judge, kind = world.bench, one.judge, kind_of(one.judge)
    template = one.prompt(bench)
    asking = Asking(
        judge.name,
        one.asked.wants,
        lambda groups: kind.questions(judge, template, groups),
        lambda groups, questions, answers: kind.judgements(judge, groups, questions, answers),
        one.asked.sampling,
        derive_seed(world.seed, judge.name, *filter(None, [one.asked.name])),  # passes draw apart
    )
    ask_and_keep(lambda: one.open(bench), asking, one.asked.name, shards, world.progress, kept)


def ask_and_keep(
    open_pool: Callable[[], Pool],
    asking: Asking,
    part: str,
    shards: Iterable[GroupShard[Any]],
    progress: StageProgress,
    kept: Judgements,
) -> None:
    """Ask about the shards that are not kept yet, and keep each as it comes; the pool opens only if there is one."""
    waiting = (shard for shard in shards if not kept.has(asking.name, part, shard.number))
    first = next(waiting, None)
    if first is None:
        return

    def show(done: int, tokens: int) -> None:
        progress.update(done, None, f"{asking.name}: {tokens} tokens")

    for shard, rows in ask_shards(open_pool(), asking, chain([first], waiting), show):
        kept.put(asking.name, part, shard.number, rows)


def cut_groups(groups: Iterable[Item], shard_size: int) -> Iterator[GroupShard[Item]]:
    """Consecutive groups, `shard_size` at a time."""
    waiting = iter(groups)
    number = 0
    while part := tuple(islice(waiting, shard_size)):
        yield GroupShard(number, part)
        number += 1


def ask_shards(pool: Pool, asking: Asking, shards: Iterable[GroupShard[Any]], on_progress: OnProgress) -> Finished:
    """Each shard with its judgements, as shards finish; shards are read as the pool needs them.

    Args:
        pool: has the service; a server has text alone.

    Raises:
        EngineError: the engine or the server failed.
        UserError: a question does not fit into the model's context; the message names the sample.
    """
    if asking.wants == "text":
        yield from _ask_for_text(pool, asking, shards, on_progress)
        return
    service: Callable[..., list[Any]] = pool.rate if asking.wants == "rating" else pool.score
    answered = 0
    for shard in shards:
        questions = asking.questions(shard.groups)
        answers = service(questions, _shifted(on_progress, answered)) if questions else []
        answered += len(questions)
        yield shard, _judgements(asking, shard.groups, questions, answers)


def _ask_for_text(pool: Pool, asking: Asking, shards: Iterable[GroupShard[Any]], on_progress: OnProgress) -> Finished:
    under_way: dict[str, tuple[GroupShard[Any], Sequence[Request]]] = {}
    silent: list[GroupShard[Any]] = []  # shards with nothing to ask: an engine is not bothered with them

    def requests() -> Iterator[Shard]:
        assert asking.sampling is not None
        for shard in shards:
            questions = asking.questions(shard.groups)
            if not questions:
                silent.append(shard)
                continue
            name = f"{asking.name}-{shard.number:05d}"
            under_way[name] = shard, questions
            yield Shard(name, tuple(questions), asking.sampling, derive_seed(asking.seed, name))

    for finished, completions in pool.generate(requests(), on_progress):
        shard, questions = under_way.pop(finished.name)
        yield shard, _judgements(asking, shard.groups, questions, in_place(questions, completions))
    for shard in silent:
        yield shard, []


def _judgements(
    asking: Asking, groups: Sequence[Any], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """Rows of the groups whose every question has an answer. A question that the pool set aside leaves its group
    without judgements: what was read from half of a group would not be the judge's opinion."""
    silent = {question.id for question, answer in zip(questions, answers, strict=True) if not answer}
    if silent:
        by_id = {question.id: answer for question, answer in zip(questions, answers, strict=True)}
        groups = [group for group in groups if silent.isdisjoint(row.id for row in asking.questions([group]))]
        questions = asking.questions(groups)
        answers = [by_id[question.id] for question in questions]
    return asking.judgements(groups, questions, answers)


def in_place(requests: Sequence[Request], completions: Iterable[Completion]) -> list[tuple[Completion, ...]]:
    """The completions of each request, in order of index, in the order of the requests."""
    found: dict[str, list[Completion]] = {request.id: [] for request in requests}
    for completion in completions:
        found[completion.request_id].append(completion)
    return [tuple(sorted(found[request.id], key=lambda completion: completion.index)) for request in requests]


def _shifted(on_progress: OnProgress, answered: int) -> OnProgress:
    return lambda done, tokens: on_progress(answered + done, tokens)
