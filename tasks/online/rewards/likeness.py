"""Term `likeness`: how like a text is to accepted ones of its part, in other episodes of its group.

LeDex (arXiv 2405.18649) gives explanations (50 S - 35) / 3 and programs 5 (S + T) - 5, with S the likeness and T the
share of tests that are passed: weight 50 / 3 with shift -0.7, and two terms of weight 5, one of them with shift -1.

Where the code differs from the paper's, as far as it is known: likeness is that of edit distances, where the paper has
the vectors of an encoder for explanations and CodeBLEU for programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from configs.schema.online.rewards import LikenessTerm
from tasks.core.records import Part
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group, Turn
from tasks.select.filters.edit_distance import similarity


def values(term: LikenessTerm, group: Group, seen: Seen) -> list[ByTurn]:
    accepted = [
        [turn.text for place, turn in enumerate(one.turns) if turn.part == term.part and _is_accepted(one.turns, place)]
        for one in group.rollouts
    ]
    found: list[ByTurn] = []
    for index, rollout in enumerate(group.rollouts):
        others = [text for other, texts in enumerate(accepted) if other != index for text in texts]
        found.append(
            {place: _mean(turn.text, others) for place, turn in enumerate(rollout.turns) if turn.part == term.part}
        )
    return found


def _is_accepted(turns: Sequence[Turn], place: int) -> bool:
    """Whether a text is a right attempt, or the next attempt after it is one."""
    attempt = next((turn for turn in turns[place:] if turn.part == Part.ATTEMPT), None)
    return attempt is not None and attempt.is_right is True


def _mean(text: str, others: Sequence[str]) -> float | None:
    return fmean(similarity(text, other) for other in others) if others else None
