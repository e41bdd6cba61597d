"""Asking a model about shards of groups: questions to a pool, answers back in their places, Judgement rows out.

Called by `run.py` and by the meta stage. What is asked and how answers are read is said by the judge's kind
(`kinds.py`); this file knows neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from configs.schema.generate import Sampling
from infra.engines.wire import Completion, Request, Shard
from tasks.core.records import Judgement
from tasks.core.step import derive_seed
from tasks.judge.groups import GroupShard
from tasks.judge.kinds import KINDS, asks_for
from tasks.judge.questions import ModelJudge

OnProgress = Callable[[int, int], None]
"""Called with the questions answered and the tokens written so far."""
Finished = Iterator[tuple[GroupShard[Any], list[Judgement]]]


@dataclass(frozen=True)
class Asking:
    """How one judge asks.

    Attributes:
        service: of the pool: text is written, given texts are scored, or rated.
        questions: from some groups to what is asked about them.
        judgements: from (groups, questions, answers in the questions' places) to rows.
        sampling: how text is drawn; None where none is.
    """

    name: str
    service: Literal["text", "score", "rating"]
    questions: Callable[[Sequence[Any]], Sequence[Any]]
    judgements: Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], list[Judgement]]
    sampling: Sampling | None = None
    seed: int = 0


def asking_of(judge: ModelJudge, template: str, seed: int) -> Asking:
    """How a judge of the recipe asks; `template` is its prompt's text."""
    kind, service = KINDS[judge.kind], asks_for(judge)
    return Asking(
        judge.name,
        service,
        lambda groups: kind.questions(judge, template, groups),
        lambda groups, questions, answers: kind.judgements(judge, groups, questions, answers),
        judge_sampling(judge) if service == "text" else None,
        seed,
    )


def judge_sampling(judge: Any) -> Sampling:
    """How a judge's text is drawn."""
    return Sampling(temperature=judge.temperature, top_p=judge.top_p, max_tokens=judge.max_tokens)


def ask_shards(pool: Any, asking: Asking, shards: Iterable[GroupShard[Any]], on_progress: OnProgress) -> Finished:
    """Each shard with its judgements, as shards finish; shards are read as the pool needs them.

    Args:
        pool: a GeneratorPool, or an EndpointPool for judges that read text.

    Raises:
        EngineError: the engine or the server failed.
        UserError: a question does not fit into the model's context; the message names the sample.
    """
    if asking.service == "text":
        yield from _ask_for_text(pool, asking, shards, on_progress)
        return
    service = pool.rate if asking.service == "rating" else pool.score
    answered = 0
    for shard in shards:
        questions = asking.questions(shard.groups)
        answers = service(questions, _shifted(on_progress, answered)) if questions else []
        answered += len(questions)
        yield shard, asking.judgements(shard.groups, questions, answers)


def _ask_for_text(pool: Any, asking: Asking, shards: Iterable[GroupShard[Any]], on_progress: OnProgress) -> Finished:
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
            seeded = (replace(question, seed=derive_seed(asking.seed, question.id)) for question in questions)
            yield Shard(name, tuple(seeded), asking.sampling)

    for finished, completions in pool.generate(requests(), on_progress):
        shard, questions = under_way.pop(finished.name)
        yield shard, asking.judgements(shard.groups, questions, in_place(questions, completions))
    for shard in silent:
        yield shard, []


def in_place(requests: Sequence[Request], completions: Iterable[Completion]) -> list[tuple[Completion, ...]]:
    """The completions of each request, in order of index, in the order of the requests."""
    found: dict[str, list[Completion]] = {request.id: [] for request in requests}
    for completion in completions:
        found[completion.request_id].append(completion)
    return [tuple(sorted(found[request.id], key=lambda completion: completion.index)) for request in requests]


def _shifted(on_progress: OnProgress, answered: int) -> OnProgress:
    return lambda done, tokens: on_progress(answered + done, tokens)
