"""From a group's episodes to rewards of their texts: R_t = sum_k w_k v_k, times the gates.

A value that is missing makes the text's reward missing, whatever the other terms say: a failure is no zero, and half a
sum is not comparable with a whole one. A text of which no term speaks has reward 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs.schema.judges.kinds import Judge
from configs.schema.online.rewards import RewardTerm
from tasks.online.credit.numbers import total
from tasks.online.rewards.registry import KINDS
from tasks.online.rewards.term import ByTurn, Seen, finite
from tasks.online.rollout import Group, Rollout
from tasks.online.schedule import Position, amount_at


@dataclass(frozen=True, slots=True)
class TermValue:
    """One line of the table of rewards: the reward can be computed from it again.

    Attributes:
        turn: place of the text in its episode.
        value: None where it is missing.
        weight: at that point of the experiment.
    """

    rollout_id: str
    sample_id: str
    turn: int
    term: str
    value: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class Rewarded:
    """An episode with its rewards.

    Attributes:
        by_term: what each term adds to each text, gates applied, by name: the parts of `rewards`.
        rewards: R_t of each text, in order; None where something is missing.
    """

    rollout: Rollout
    by_term: Mapping[str, tuple[float | None, ...]]
    rewards: tuple[float | None, ...]


def value_group(terms: Sequence[RewardTerm], group: Group, judges: Mapping[str, Judge]) -> dict[str, list[ByTurn]]:
    """Values of every term, by name: one mapping an episode of the group."""
    values: dict[str, list[ByTurn]] = {}
    control: dict[str, list[ByTurn]] = {}
    controls = Group(group.fork, group.control)
    for term in terms:
        compute = KINDS[term.kind]
        values[term.name] = _numbers(compute(term, group, Seen(judges, values, control)), term.shift)
        if group.control and term.kind != "control_group":
            control[term.name] = _numbers(compute(term, controls, Seen(judges, control)), term.shift)
    return values


def reward_group(
    terms: Sequence[RewardTerm], group: Group, values: Mapping[str, Sequence[ByTurn]], position: Position
) -> list[Rewarded]:
    """Rewards of all texts of a group.

    Args:
        values: of `value_group`.
    """
    rewarded = []
    for index, rollout in enumerate(group.rollouts):
        own = {term.name: values[term.name][index] for term in terms}
        parts = _parts(terms, own, len(rollout.turns), position)
        sums = tuple(total(column) for column in zip(*parts.values(), strict=True))
        if any(turn.is_leaked for turn in rollout.turns):  # it answers what it was told
            sums, parts = (None,) * len(sums), {name: (None,) * len(sums) for name in parts}
        rewarded.append(Rewarded(rollout, parts, sums))
    return rewarded


def term_values(
    terms: Sequence[RewardTerm], group: Group, values: Mapping[str, Sequence[ByTurn]], position: Position
) -> list[TermValue]:
    """The rows of the table of rewards, by episode, text and term."""
    weights = {term.name: amount_at(term.weight, position) for term in terms}
    return [
        TermValue(rollout.id, turn.sample_id, place, name, values[name][index][place], weights[name])
        for index, rollout in enumerate(group.rollouts)
        for place, turn in enumerate(rollout.turns)
        for name in weights
        if place in values[name][index]
    ]


def _parts(terms: Sequence[Any], own: Mapping[str, ByTurn], num_turns: int, position: Position) -> dict[str, Any]:
    gates = [term for term in terms if term.gate]
    parts: dict[str, tuple[float | None, ...]] = {}
    for term in terms:
        if term.gate:
            continue
        weight = amount_at(term.weight, position)
        over = [own[gate.name] for gate in gates if not gate.gates or term.name in gate.gates]
        parts[term.name] = tuple(_part(own[term.name], place, weight, over) for place in range(num_turns))
    return parts


def _part(own: ByTurn, place: int, weight: float, gates: Sequence[ByTurn]) -> float | None:
    """What a term adds to one text: 0 where it says nothing of it."""
    if place not in own:
        return 0.0
    product: float | None = own[place]
    for gate in gates:
        factor = gate.get(place, 1.0)
        product = None if product is None or factor is None else product * factor
    return None if product is None else weight * product


def _numbers(found: Sequence[ByTurn], shift: float) -> list[ByTurn]:
    return [
        {place: finite(None if value is None else value + shift) for place, value in by_turn.items()}
        for by_turn in found
    ]
