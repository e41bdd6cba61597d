"""Runs many episodes of a sampler, wave by wave: what all of them ask next is asked together.

Called by generate, guide, invent, calibrate, evaluate, and by `selfloop stage generate`. What was answered before is
not asked again (`tasks/core/answers.py`), so a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Missing, Request
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.judge.verifiers.code_report import RunReport
from tasks.judge.verifiers.reports import run_reports
from tasks.sample.episode import POLICY, Answer, E, Opinions, Question, Runs, Sampler, Texts
from tasks.sample.flow import Flow
from tasks.sample.interpreter.tool import Tool

EPISODES_AT_ONCE = 1024
"""of samplers that ask more than once: their texts are in memory, and between their waves models may be loaded"""

AskJudge = Callable[[Judge, Sequence[Sample], Mapping[str, Problem]], Iterable[Verdict]]
"""From a judge, samples and their problems by id to one verdict a sample. Those of a problem lie together."""


def nobody_judges(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
    """For samplers that ask no judge."""
    raise LookupError(f"judge '{judge.name}' is asked, and there is none")


class TextSource(Protocol):
    """What gives the texts of an answerer: what was answered before and lies in the store, or whoever is asked anew."""

    def ask(
        self,
        who: Answerer,
        sampling: Sampling,
        questions: Iterable[Request],
        total: int | None = None,
        note: str = "",
        shard_size: int | None = None,
        is_counted: bool = True,
    ) -> Iterator[tuple[Request, tuple[Completion | Missing, ...]]]:
        """As `Answers.ask`, which is the usual one."""


@dataclass(frozen=True)
class Partners:
    """Whom episodes can ask.

    Attributes:
        answerers: who writes texts, by name.
        shard_size: requests that are asked together; default: the stage's.
        places: by name of an answerer, what gives its texts; default: `answers`.
        tool: runs blocks of code that answerers write.
    """

    answers: Answers
    answerers: Mapping[str, Answerer]
    judge: AskJudge = nobody_judges
    shard_size: int | None = None
    places: Mapping[str, TextSource] = field(default_factory=dict)
    tool: Tool | None = None

    def asking(self, policy: TextSource) -> Partners:
        """The same partners with another source of the policy's texts."""
        return replace(self, places={**self.places, POLICY: policy})

    def texts(
        self, asked: Texts, requests: Iterable[Any], total: int | None, is_counted: bool = True
    ) -> Iterator[tuple[Completion, ...]]:
        """The completions of each request, in their order, as they come; draws without an answer are left out.

        Args:
            is_counted: whether what is missing counts; not where the same is read once more.
        """
        who = self.answerers[asked.who]
        place: TextSource = self.places.get(asked.who, self.answers)
        if self.tool is not None and self.tool.runs_for(asked.who):
            assert isinstance(place, Answers), "episodes of online rounds have no interpreter"
            return self.tool.texts(who, asked.sampling, requests, place, self.shard_size)
        found = place.ask(who, asked.sampling, requests, total, asked.who, self.shard_size, is_counted)
        return (tuple(row for row in rows if not isinstance(row, Missing)) for _, rows in found)


def drive(
    sampler: Sampler[E], problems: Sequence[Problem], partners: Partners, seed: int, num_episodes: int = 1
) -> Iterator[E]:
    """Finished episodes, in the order of the problems.

    Args:
        seed: of the stage; that of an episode depends on it, on the problem's id and on the episode's index.
        num_episodes: of each problem.

    Raises:
        EngineError: a generator could not start, or died.
        StoreError: the lease was lost, or the store failed.
    """

    def begun() -> Iterator[E]:
        for problem in problems:
            for index in range(num_episodes):
                yield sampler.begin(problem, index, derive_seed(seed, problem.id, index))

    if sampler.is_single_wave and partners.tool is None:
        yield from _stream(sampler, begun, partners, len(problems) * num_episodes)
        return
    if sampler.has_one_writer:
        yield from Flow(
            sampler,
            begun(),
            lambda first, requests: partners.texts(first, requests, None),
            lambda questions: _answer(questions, partners),
        )
        return
    waiting = begun()
    while part := list(islice(waiting, EPISODES_AT_ONCE)):
        yield from _in_waves(sampler, part, partners)


def drive_together(sampler: Sampler[E], problems: Sequence[Problem], partners: Partners, seed: int) -> list[E]:
    """Finished episodes, one a problem, all of them in memory: each text is asked for once, and not looked up again.

    Args, Raises:
        as of `drive`.
    """
    begun = [sampler.begin(problem, 0, derive_seed(seed, problem.id, 0)) for problem in problems]
    return _in_waves(sampler, begun, partners)


def _stream(
    sampler: Sampler[E], begun: Callable[[], Iterator[E]], partners: Partners, num_episodes: int
) -> Iterator[E]:
    """Episodes of one wave, as their answers come. Questions in the first place are all asked, then those in the
    second: two streams of requests would meet in one generator. Last, all are answered, and read side by side."""
    first = next(begun(), None)
    asked = sampler.ask(first) if first is not None else None
    if not asked:
        return

    def answers(place: int, is_counted: bool = True) -> Iterator[Answer]:
        def questions() -> Iterator[Texts]:
            for episode in begun():
                question = (sampler.ask(episode) or ())[place]
                assert isinstance(question, Texts), "a sampler of one wave asks no judge: there is nothing to judge yet"
                yield question

        own = asked[place]
        assert isinstance(own, Texts)
        total = num_episodes * sum(request.num_samples for request in own.requests)
        found = partners.texts(own, (request for part in questions() for request in part.requests), total, is_counted)
        return (list(islice(found, len(part.requests))) for part in questions())

    for place in range(len(asked) - 1):
        deque(answers(place, is_counted=False), maxlen=0)
    for episode, *given in zip(begun(), *map(answers, range(len(asked))), strict=True):
        yield sampler.take(episode, given)


def _in_waves(sampler: Sampler[E], episodes: Sequence[E], partners: Partners) -> list[E]:
    now = list(episodes)
    while asked := {place: questions for place, episode in enumerate(now) if (questions := sampler.ask(episode))}:
        answers = iter(_answer([question for questions in asked.values() for question in questions], partners))
        for place, questions in asked.items():
            now[place] = sampler.take(now[place], list(islice(answers, len(questions))))
        if sampler.is_single_wave:
            break
    return now


def _answer(questions: Sequence[Question], partners: Partners) -> list[Answer]:
    """Answers in the places of the questions. Questions to one answerer, or to one judge, are asked together."""
    groups: dict[Any, list[int]] = {}
    for place, question in enumerate(questions):
        groups.setdefault(_whom(question), []).append(place)
    answers: dict[int, Answer] = {}
    for places in groups.values():
        together = [questions[place] for place in places]
        found = iter(_ask(together, partners))
        for place, question in zip(places, together, strict=True):
            size = len(question.requests if isinstance(question, Texts) else question.samples)
            answers[place] = list(islice(found, size))
    return [answers[place] for place in range(len(questions))]


def _whom(question: Question) -> str:
    if isinstance(question, Texts):
        return str((question.who, question.sampling))
    return str((type(question).__name__, question.judge.name, isinstance(question, Runs) and question.is_public))


def _ask(questions: Sequence[Question], partners: Partners) -> Iterable[Any]:
    if isinstance(questions[0], Texts):
        return _texts(questions, partners)
    return _opinions(questions, partners) if isinstance(questions[0], Opinions) else _reports(questions, partners)


def _reports(questions: Sequence[Any], partners: Partners) -> Sequence[RunReport]:
    items = [(question.problem, sample) for question in questions for sample in question.samples]
    return run_reports(questions[0].judge, questions[0].is_public, items, partners.answers)


def _texts(questions: Sequence[Any], partners: Partners) -> Iterator[tuple[Completion, ...]]:
    requests = [request for question in questions for request in question.requests]
    return partners.texts(questions[0], requests, sum(request.num_samples for request in requests))


def _opinions(questions: Sequence[Any], partners: Partners) -> Iterable[Verdict]:
    samples = [sample for question in questions for sample in question.samples]
    problems = {question.problem.id: question.problem for question in questions}
    return partners.judge(questions[0].judge, samples, problems) if samples else ()
