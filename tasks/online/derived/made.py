"""What an entry of `online.derived` is given, and what it makes. No files: the conductor publishes it with its wave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from configs.schema.online.section import Online
from infra.engines.questions import (
    Completion,
    Messages,
    Missing,
    Request,
    Scoring,
    Tokens,
)
from tasks.core.records import Credit, Message, Problem, Reward, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.online.credit.assign import Judged
from tasks.online.draw import Drawing
from tasks.online.schedule import Position
from tasks.online.settle import Rated
from tasks.sample.episode import POLICY


@dataclass(frozen=True)
class Scene:
    """A wave whose groups are drawn and rewarded.

    Attributes:
        used: the groups that are trained on, in the order of drawing.
        judges: of the recipe; the first says what is right.
        wave: number in the segment, for ids.
        position: where the experiment is, for weights that change.
        seed: of the wave.
    """

    online: Online
    drawing: Drawing
    judges: Sequence[Judge]
    used: Sequence[Rated]
    wave: int
    position: Position
    seed: int

    def sampling(self, max_tokens: int | None = None) -> Sampling:
        """As the first attempts of episodes are drawn.

        Args:
            max_tokens: in place of the episode's.
        """
        own = self.online.episode.sampling()
        return own if max_tokens is None else own.model_copy(update={"max_tokens": max_tokens})

    def seed_of(self, *names: object) -> int:
        """Seed of one question of the wave."""
        return derive_seed(self.seed, "derived", *map(str, names))

    def ask(self, sampling: Sampling, requests: Sequence[Request]) -> Iterator[list[Completion]]:
        """The live weights' texts, of each request those that are there."""
        who = self.drawing.partners.answerers[POLICY]
        for _, rows in self.drawing.live.ask(who, sampling, requests):
            yield [row for row in rows if not isinstance(row, Missing)]

    def encode(self, texts: Sequence[Scoring]) -> list[Tokens | Missing]:
        """Texts that the live weights did not draw, as their tokenizer reads them."""
        return self.drawing.live.encode(texts)


@dataclass(frozen=True)
class Made:
    """What a wave has beside its episodes.

    Attributes:
        texts: new nodes, each behind its parent's last text, or behind all texts of its problem.
        stored: by the id of a text that is there, the chat that it is trained under.
        verdicts: on new attempts.
        tokens: of rows, by the text's id; `contexts`: what stands before them instead of their own prompt.
        teachers: what the teacher of a row sees before it.
        credit: spans of rows that need no comparison.
        groups: new episodes that are compared with each other.
        drops: by the id of a new answer, why it is not trained on.
        numbers: of the wave, by metric name.
    """

    texts: tuple[Sample, ...] = ()
    stored: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    tokens: dict[str, Tokens] = field(default_factory=dict)
    contexts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    teachers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    credit: tuple[Credit, ...] = ()
    groups: tuple[Judged, ...] = ()
    rewards: tuple[Reward, ...] = ()
    drops: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float | None] = field(default_factory=dict)

    @property
    def known_numbers(self) -> dict[str, float | None]:
        """Those that there is something to say of."""
        return {name: value for name, value in self.numbers.items() if value is not None}


def all_of(parts: Iterable[Made]) -> Made:
    """What several entries make."""
    made = list(parts)
    return Made(
        tuple(text for one in made for text in one.texts),
        {name: chat for one in made for name, chat in one.stored.items()},
        tuple(verdict for one in made for verdict in one.verdicts),
        {name: tokens for one in made for name, tokens in one.tokens.items()},
        {name: context for one in made for name, context in one.contexts.items()},
        {name: seen for one in made for name, seen in one.teachers.items()},
        tuple(row for one in made for row in one.credit),
        tuple(group for one in made for group in one.groups),
        tuple(row for one in made for row in one.rewards),
        {name: reason for one in made for name, reason in one.drops.items()},
        {name: value for one in made for name, value in one.numbers.items()},
    )


def chat(messages: Sequence[Message]) -> Messages:
    """What an engine reads of a chat."""
    return tuple((message.role, message.content) for message in messages)


def question_of(problem: Problem) -> str:
    """The last user turn."""
    return next((message.content for message in reversed(problem.messages) if message.role == "user"), "")


def first_context(one: Rated) -> tuple[int, ...]:
    """Tokens of the problem alone: what its first attempts were drawn under."""
    first = next(node for node in one.drawn.nodes if node.parent_id is None and node.id in one.drawn.tokens)
    return one.drawn.tokens[first.id].prompt
