"""Texts drawn from the live weights of a segment: asked like any others, and not kept apart from their wave.

A `drive` asks for them through `Partners.places`. What was drawn is known token by token, so that it is trained on as
it was drawn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from configs.schema.drawing import Sampling
from infra.engines.learn.beside import LivePool
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Scoring,
    Tokens,
)
from infra.engines.wire import Shard
from tasks.core.answers import Answerer
from tasks.core.missing import MissingTally
from tasks.core.records import Author, Sample


class LiveTexts:
    """Answers that a learner gives, in their order; the tokens of each can be asked for. A `drive.TextSource`.

    Args:
        pool: the learner, or what draws beside it.
        shard_size: requests that are handed over together.
        missing: counts what has no answer.
    """

    def __init__(self, pool: LivePool, shard_size: int, missing: MissingTally) -> None:
        self.pool, self.shard_size, self.missing = pool, shard_size, missing
        self._drawn: dict[tuple[str, int], tuple[str, Tokens]] = {}
        self._num_asked: Counter[str] = Counter()

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
        """Every request with its completions; arguments as of `Answers.ask`."""
        waiting = iter(questions)
        while requests := tuple(islice(waiting, shard_size or self.shard_size)):
            for _, rows in self.pool.generate([Shard("wave", requests, sampling)]):
                found = iter(rows)
                for request in requests:
                    own = tuple(islice(found, request.num_samples))
                    if is_counted:
                        self.missing.add(len(own), [row for row in own if isinstance(row, Missing)])
                    self._remember(request, [row for row in own if isinstance(row, Completion)])
                    yield request, own

    def encode(self, texts: Sequence[Scoring]) -> list[Tokens | Missing]:
        """Token ids of texts that somebody else wrote, with their chats; none has log-probabilities."""
        return self.pool.encode(texts)

    def tokens_of(self, node: Sample, start: int | None = None) -> Tokens | None:
        """What a text that the policy wrote is made of; None where no token of it is its own.

        What is cut off behind a text is not part of it: a verdict ends with what it says.

        Args:
            start: of a piece of a text that was cut apart, the place where it begins; None: it is all of its text.
        """
        asked = node.problem_id if node.parent_id is None or start is not None else node.parent_id
        text, tokens = self._drawn[asked, node.index]
        own = len(node.text) - len(node.prefix)
        return cut_tokens(tokens, len(text), start or 0, (start or 0) + own, is_piece=start is not None)

    def _remember(self, request: Request, rows: Sequence[Completion]) -> None:
        """Draws of a problem under several settings are numbered through, as their samples are."""
        asked = request.id.rpartition(":")[0] or request.id  # `TEXT:STEP` of a revision, the problem of a first attempt
        for row in rows:
            assert row.tokens is not None, "what draws a wave says the tokens"
            self._drawn[asked, self._num_asked[asked] + row.index] = row.text, row.tokens
        self._num_asked[asked] += request.num_samples


def cut_tokens(tokens: Tokens, length: int, start: int, end: int, is_piece: bool) -> Tokens | None:
    """The tokens of a piece of a text, as if what comes before it had been asked; None where there are none.

    A token that reaches over a border belongs to what begins there; over the end of all that is kept, to what ends.

    Args:
        length: of the text, in characters.
        start, end: of the piece.
        is_piece: whether other pieces stand around it.
    """
    assert tokens.ends or (start, end) == (0, length), "an engine that draws pieces says where tokens end"
    first = _reaching(tokens.ends, start + 1) if start else 0
    behind = len(tokens.written)
    if end < length:
        behind = _reaching(tokens.ends, end + 1) if is_piece else _reaching(tokens.ends, end) + 1
    if first >= behind:
        return None
    return Tokens(
        (*tokens.prompt, *tokens.written[:first]),
        tokens.written[first:behind],
        tokens.logprobs[first:behind],
        tuple(one - start for one in tokens.ends[first:behind]),
    )


def _reaching(ends: Sequence[int], place: int) -> int:
    """Number of the first token with which so many characters are there."""
    return bisect_left(ends, place)


def is_drawn(node: Sample) -> bool:
    """Whether the live weights wrote a text."""
    return node.by == Author.POLICY and node.state == "round_start"
