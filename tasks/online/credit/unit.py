"""What a return belongs to: a whole episode, or one of its trained texts. Steps 1 to 3 of credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.online.credit import Credit
from tasks.core.records import Part
from tasks.online.reward import Rewarded
from tasks.online.rollout import Rollout, Turn, attempt_before

Key = tuple[str, ...]
"""who is compared with whom: the values of `credit.group_by`, in its order"""


@dataclass(frozen=True, slots=True)
class Unit:
    """Some trained texts with one return.

    Attributes:
        fork: of the group that it was drawn in.
        turns: the trained texts that its advantage goes to.
        value: the return; None: it is missing, and the unit is left out of every mean.
        first: reward of the episode's first text.
        written: all that the policy wrote of the episode behind its fork, trained or not.
        factor: of the advantage, after the baseline.
    """

    rollout_id: str
    fork: str
    key: Key
    turns: tuple[Turn, ...]
    value: float | None
    first: float | None
    written: tuple[Turn, ...] = ()
    factor: float = 1.0


def trained_places(rollout: Rollout, credit: Credit) -> list[int]:
    """Places of the texts that credit goes to."""
    parts = credit.train_parts
    places = [place for place, turn in enumerate(rollout.turns) if _is_own(turn) and (not parts or turn.part in parts)]
    return {"all": places, "first": places[:1], "last": places[-1:]}[credit.train_turns]


def _is_own(turn: Turn) -> bool:
    """Whether the policy wrote it behind the fork."""
    return turn.is_trained and not turn.is_shared


def units_of(fork: str, rewarded: Rewarded, rewards: Sequence[float | None], credit: Credit, wave: int) -> list[Unit]:
    """The units of one episode; none where nothing in it is trained.

    Args:
        rewards: R_t of its texts: all of `rewarded`, or those of one term.
        wave: number of the wave, for `group_by: [wave]`.
    """
    rollout = rewarded.rollout
    places = trained_places(rollout, credit)
    if not places:
        return []
    own = [0.0 if turn.is_shared else reward for turn, reward in zip(rollout.turns, rewards, strict=True)]
    first, written = rewards[0], tuple(turn for turn in rollout.turns if _is_own(turn))
    if credit.unit == "episode":
        key = _key(credit, fork, rollout, places[0], 0, wave)
        turns = tuple(rollout.turns[place] for place in places)
        return [Unit(rollout.id, fork, key, turns, to_go(own, 0, 1.0), first, written)]
    return [
        Unit(
            rollout.id,
            fork,
            _key(credit, fork, rollout, place, number, wave),
            (rollout.turns[place],),
            to_go(own, place, credit.turn_discount),
            first,
            written,
            _factor(credit, rollout, place),
        )
        for number, place in enumerate(places)
    ]


def to_go(rewards: Sequence[float | None], place: int, discount: float) -> float | None:
    """sum over u >= place of discount^(u - place) R_u; None where one that counts is missing."""
    total = 0.0
    for distance, reward in enumerate(rewards[place:]):
        factor = discount**distance
        if factor == 0:
            continue
        if reward is None:
            return None
        total += factor * reward
    return total


def history(rollout: Rollout, place: int) -> str:
    """What came before a text, as S2R writes it: its parts with + where they were right, - where wrong, ? where nobody
    knows. Shared texts count too."""
    signs = {True: "+", False: "-", None: "?"}
    return " ".join(f"{turn.part}{signs[turn.is_right]}" for turn in rollout.turns[:place])


def _key(credit: Credit, fork: str, rollout: Rollout, place: int, number: int, wave: int) -> Key:
    told = {"fork": fork, "turn": str(number), "part": rollout.turns[place].part, "wave": str(wave)}
    if "history" in credit.group_by:
        told["history"] = f"{rollout.turns[place].part} after {history(rollout, place)}"
    return tuple(
        rollout.tags.get(name.removeprefix("tag:"), "") if name.startswith("tag:") else told[name]
        for name in credit.group_by
    )


def _factor(credit: Credit, rollout: Rollout, place: int) -> float:
    """What a text's advantage is multiplied by: of a change of truth, of a verdict on a right attempt."""
    turn, before = rollout.turns[place], attempt_before(rollout.turns, place)
    if before is None or before.is_right is None:
        return 1.0
    if turn.part == Part.VERDICT:
        return credit.confirm_factor if before.is_right else 1.0
    is_change = turn.part == Part.ATTEMPT and turn.is_right is not None and turn.is_right != before.is_right
    return credit.change_factor if is_change else 1.0
