"""Episodes of a sampler whose texts are all asked of one writer at one setting, and judged between by rule: their waves
flow into each other. Used by `drive.py`.

What an episode asks next is asked as soon as the answer before is judged, behind whatever is asked already, so that no
engine waits for the slowest text of a wave. What comes out does not depend on it: a draw has its own seed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic

from infra.engines.questions import Completion, Request
from tasks.sample.episode import Answer, E, Question, Sampler, Texts

EPISODES_UNDER_WAY = 4096
"""their texts are in memory: episodes are given out in their order, and one that takes long holds up those behind it"""
JUDGED_TOGETHER = 256
"""episodes: workers of a verifier take about a second to start"""
AskTexts = Callable[[Texts, Iterator[Request]], Iterator[tuple[Completion, ...]]]
"""From the first question and the requests of all, which are read as an engine wants them, to their completions."""


class Flow(Generic[E]):
    """Finished episodes, in their order.

    Args:
        begun: episodes that have asked nothing yet.
        texts: asks the writer.
        others: answers what is no text.
    """

    def __init__(
        self,
        sampler: Sampler[E],
        begun: Iterator[E],
        texts: AskTexts,
        others: Callable[[Sequence[Question]], Sequence[Answer]],
    ) -> None:
        self._sampler, self._begun, self._texts, self._others = sampler, begun, texts, others
        self._under_way: dict[int, E] = {}
        self._finished: dict[int, E] = {}
        self._num_begun = self._num_given = 0
        self._wanting: deque[tuple[int, Texts]] = deque()
        self._asked: deque[int] = deque()
        self._unjudged: list[tuple[int, Question]] = []

    def __iter__(self) -> Iterator[E]:
        while (first := self._next()) is not None:
            self._wanting.appendleft(first)
            for completions in self._texts(first[1], self._requests()):
                number = self._asked.popleft()
                self._take(number, [[completions]])
                if len(self._unjudged) >= JUDGED_TOGETHER:
                    self._judge()
                yield from self._given_out()
            self._judge()
            yield from self._given_out()
        assert not self._under_way, "who wants to know nothing more is finished"

    def _requests(self) -> Iterator[Request]:
        """What is wanted now; an end where answers have to come first."""
        while (found := self._next()) is not None:
            number, question = found
            (request,) = question.requests
            self._asked.append(number)
            yield request

    def _next(self) -> tuple[int, Texts] | None:
        """The oldest question that waits, or that of another episode."""
        while not self._wanting and self._num_begun - self._num_given < EPISODES_UNDER_WAY:
            episode = next(self._begun, None)
            if episode is None:
                return None
            self._num_begun += 1
            self._place(self._num_begun - 1, episode)
        return self._wanting.popleft() if self._wanting else None

    def _take(self, number: int, answers: Sequence[Answer]) -> None:
        self._place(number, self._sampler.take(self._under_way[number], answers))

    def _place(self, number: int, episode: E) -> None:
        """Put an episode where it belongs by what it wants to know."""
        self._under_way[number] = episode
        questions: Sequence[Any] | None = self._sampler.ask(episode)
        if questions is None:
            self._finished[number] = self._under_way.pop(number)
            return
        (question,) = questions
        if isinstance(question, Texts):
            self._wanting.append((number, question))
        else:
            self._unjudged.append((number, question))

    def _judge(self) -> None:
        waiting, self._unjudged = self._unjudged, []
        found = self._others([question for _, question in waiting]) if waiting else ()
        for (number, _), answer in zip(waiting, found, strict=True):
            self._take(number, [answer])

    def _given_out(self) -> Iterator[E]:
        while self._num_given in self._finished:
            self._num_given += 1
            yield self._finished.pop(self._num_given - 1)
