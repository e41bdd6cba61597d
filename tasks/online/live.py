"""Texts drawn from the live weights of a segment: asked like any others, and not kept apart from their wave.

A `drive` asks for them through `Partners.places`. What was drawn is known token by token, so that it is trained on as
it was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from configs.errors import RecipeError
from configs.schema.generate import Sampling
from infra.engines.learn.learner import Learner
from infra.engines.wire import Completion, Missing, Request, Scoring, Shard, Tokens
from tasks.core.answers import Answerer
from tasks.core.missing import MissingTally
from tasks.core.records import Author, Sample


class LiveTexts:
    """Answers that a learner gives, in their order; the tokens of each can be asked for once. A `drive.TextSource`.

    Args:
        pool: the learner.
        shard_size: requests that are handed over together.
        missing: counts what has no answer.
    """

    def __init__(self, pool: Learner, shard_size: int, missing: MissingTally) -> None:
        self.pool, self.shard_size, self.missing = pool, shard_size, missing
        self._drawn: dict[tuple[str, int, str], Tokens] = {}

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

    def tokens_of(self, node: Sample) -> Tokens:
        """What a text that the policy wrote is made of.

        Raises:
            RecipeError: it is a piece of what was drawn.
        """
        asked = node.problem_id if node.parent_id is None else node.parent_id
        written = node.text.removeprefix(node.prefix)
        found = self._drawn.pop((asked, node.index, written), None)
        if found is None:
            raise RecipeError(
                f"online: text {node.id} is a piece of what the model drew, and has no tokens of its own",
                "write an episode whose steps are one part each, without split",
            )
        return found

    def _remember(self, request: Request, rows: Sequence[Completion]) -> None:
        asked = request.id.rpartition(":")[0] or request.id  # `TEXT:STEP` of a revision, the problem of a first attempt
        for row in rows:
            assert row.tokens is not None, "a learner says the tokens"
            self._drawn[asked, row.index, row.text] = row.tokens


def is_drawn(node: Sample) -> bool:
    """Whether the live weights wrote a text."""
    return node.by == Author.POLICY and node.state == "round_start"
