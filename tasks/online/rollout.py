"""What rewards and credit see of an episode: its texts with their places among the tokens, and what is thought of them.

No torch, no files: the conductor makes these values, and everything in this room takes and gives values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.core.records import Part, Verdict


@dataclass(frozen=True, slots=True)
class Turn:
    """One text of an episode.

    Attributes:
        part: a `Part`.
        row: the token sequence that it lies in.
        start, end: its tokens in the row: from `start` to before `end`.
        is_trained: whether the policy wrote it, and learns from it.
        is_shared: whether it stands before the fork: all members of the group have it, and its rewards are no
            consequence of what they differ in.
        is_truncated: whether it ended at max_tokens.
        is_leaked: whether a text before it, whose writer saw the gold answer, gives that away.
        verdicts: of the recipe's judges, by name; of attempts alone.
        said: what a verdict that the policy wrote was read as, right or wrong; None: not readable.
        is_right: of an attempt, whether the first judge calls it correct; of a verdict, whether it is true. None: not
            known.
        kl: divergence from the reference, summed over its tokens, in nats, by name of the estimate; where it was asked.
    """

    sample_id: str
    part: str
    row: str
    start: int
    end: int
    text: str = ""
    is_trained: bool = True
    is_shared: bool = False
    is_truncated: bool = False
    is_leaked: bool = False
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    said: str | None = None
    is_right: bool | None = None
    kl: Mapping[str, float] = field(default_factory=dict)

    @property
    def num_tokens(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Rollout:
    """One episode, in the order in which it was written.

    Attributes:
        tags: of its problem.
    """

    id: str
    problem_id: str
    turns: tuple[Turn, ...]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def attempts(self) -> tuple[int, ...]:
        """Places of the attempts among the turns."""
        return tuple(place for place, turn in enumerate(self.turns) if turn.part == Part.ATTEMPT)


@dataclass(frozen=True, slots=True)
class Group:
    """Episodes that are compared with each other.

    Attributes:
        fork: what they share: a digest of it, or the problem's id.
        control: samples of the same problem that were asked otherwise, and are not trained on.
    """

    fork: str
    rollouts: tuple[Rollout, ...]
    control: tuple[Rollout, ...] = ()


def attempt_before(turns: Sequence[Turn], place: int) -> Turn | None:
    """The last attempt before a turn; None: there is none."""
    return next((turn for turn in reversed(turns[:place]) if turn.part == Part.ATTEMPT), None)
