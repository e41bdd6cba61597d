"""Judges by rule look at samples while others are drawn, so that their time is hidden behind the model's.

What they find lies where the judge stage of the round looks it up (`verifiers/outcomes.py`): a verdict is found by what
was asked, so nothing of a step depends on whether, or how far, this went. A kill leaves what was published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from queue import SimpleQueue
from threading import Event, Thread
from typing import Protocol, TypeVar

from configs.schema.judges.kinds import Judge
from infra.engines.gpu_list import visible_gpus
from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.missing import MissingTally
from tasks.core.progress import Silent
from tasks.core.records import Problem, Sample
from tasks.core.step import answers_place
from tasks.judge.stage import JUDGE
from tasks.judge.verdicts import AnswersAmong
from tasks.judge.verifiers.outcomes import rule_outcomes
from tasks.judge.verifiers.pool import items_to_verify, verify_in

MOST_WAITING = 1 << 15
"""samples that wait for a slow rule; what comes beyond is left to the judge stage"""


class Drawn(Protocol):
    """An episode, as far as it is looked at."""

    @property
    def nodes(self) -> Sequence[Sample]: ...


D = TypeVar("D", bound=Drawn)


def watched(
    bench: Workbench, round: int, problems: Mapping[str, Problem], episodes: Iterator[D], told: Collection[str]
) -> Iterator[D]:
    """The episodes, while rules look at what was drawn.

    Args:
        problems: by id.
        told: names of judges that speak while the samples are drawn.

    Raises:
        UserError: a rule cannot be asked: it is said before more is drawn for it.
    """
    rules = [judge for judge in bench.recipe.judge if judge.rule is not None and judge.name not in told]
    if not rules or not _is_worth_it(bench):
        return episodes
    return _watched([_Line(judge, problems, _answers(bench, round, judge)) for judge in rules], episodes)


def _watched(lines: Sequence[_Line], episodes: Iterator[D]) -> Iterator[D]:
    try:
        for episode in episodes:
            for line in lines:
                line.see(episode.nodes)
            yield episode
    finally:
        for line in lines:
            line.end()


def _is_worth_it(bench: Workbench) -> bool:
    """Unless the recipe says so: where a model that draws leaves this machine's processors idle."""
    wanted, engine = bench.recipe.generate.judge_meanwhile, bench.recipe.engine
    return wanted if wanted is not None else engine.is_elsewhere or (engine.takes_gpu and bool(visible_gpus()))


def _answers(bench: Workbench, round: int, judge: Judge) -> Answers:
    """Those of the judge stage."""
    place = answers_place(bench.recipe.name, round, JUDGE.name)
    tally = MissingTally(1.0, f"round {round} judge {judge.name}")
    shard_size = bench.recipe.generate.shard_size
    return Answers(bench.ledger, place, shard_size, Silent(), bench.contents, tally, workers=bench.workers)


class _Line:
    """One rule with the samples that wait for it."""

    def __init__(self, judge: Judge, problems: Mapping[str, Problem], answers: Answers) -> None:
        self._judge, self._problems, self._answers = judge, problems, answers
        self._waiting: SimpleQueue[Sample | None] = SimpleQueue()
        self._is_over = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name=f"judge {judge.name}", daemon=True)
        self._thread.start()

    def see(self, nodes: Iterable[Sample]) -> None:
        """Samples of one problem."""
        if self._failure is not None:
            raise self._failure
        for node in nodes if self._waiting.qsize() < MOST_WAITING else ():
            self._waiting.put(node)

    def end(self) -> None:
        """What is under way is published; what waits is left to the stage."""
        self._is_over.set()
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        items = items_to_verify(AnswersAmong(self._come()), self._problems, self._judge)
        try:
            verify = verify_in(self._answers.workers)
            with closing(rule_outcomes(self._judge, items, verify, self._answers)) as outcomes:
                for _ in outcomes:
                    pass
        except Exception as error:  # raised where samples are drawn
            self._failure = error

    def _come(self) -> Iterator[Sample]:
        while (sample := self._waiting.get()) is not None and not self._is_over.is_set():
            yield sample
