"""Chains as trajectories: one text with an advantage for each attempt and verdict in it. Called by `tables.py`.

S2R, "Teaching LLMs to Self-verify and Self-correct via Reinforcement Learning" (arXiv 2502.12853), its offline half.
A chain is a string of R+ R- (right and wrong attempts) and V+ V- (true and false verdicts), each +-1:

    A = r - mean r of the group, 0 where the group has fewer than `min_group`
    A x change_bonus for an attempt that is right after a wrong one, or wrong after a right one
    A x right_verdict_bonus for a verdict on a right attempt

A group is the parts of the round's kept chains at one place, or after the same string, in problems of the same share of
right first attempts. With `reward: outcome` every part has the last attempt's +-1, as it is: the authors' code computes
a baseline there, and does not use it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from configs.schema.rows import TrajectoryRow
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Example
from tasks.select.filters.chains import right_share
from tasks.select.rows.kinds import Told
from tasks.select.rows.makers import Draft, Writing
from tasks.select.selection import Selected

Group = tuple[object, ...]


def groups_of(told: Sequence[Told], rate: float, config: TrajectoryRow) -> list[Group]:
    """The group of each part of a chain.

    Args:
        rate: share of right first attempts of the problem.
    """
    string = [(part.is_verdict, part.is_good) for part in told]
    level = rate if config.same_rate else None
    places = range(len(told))
    return [(level, place if config.group == "position" else tuple(string[:place])) for place in places]


def advantages_of(told: Sequence[Told], baselines: Sequence[float | None], config: TrajectoryRow) -> list[float]:
    """One advantage a part.

    Args:
        baselines: mean rewards of the parts' groups; None for a group that is too small.
    """
    if config.reward == "outcome":
        last = next(part for part in reversed(told) if not part.is_verdict)
        return [_reward(last)] * len(told)
    found = []
    before: Told | None = None
    for part, baseline in zip(told, baselines, strict=True):
        advantage = 0.0 if baseline is None else _reward(part) - baseline
        if part.is_verdict:
            advantage *= config.right_verdict_bonus if part.is_on_right else 1.0
        else:
            advantage *= config.change_bonus if before is not None and before.is_good != part.is_good else 1.0
            before = part
        found.append(advantage)
    return found


def _reward(part: Told) -> float:
    return 1.0 if part.is_good else -1.0


@dataclass
class _Mean:
    total: float = 0.0
    number: int = 0


class Baselines:
    """Mean rewards of the groups of a round; holds two numbers a group."""

    def __init__(self, config: TrajectoryRow) -> None:
        self._config = config
        self._means: defaultdict[Group, _Mean] = defaultdict(_Mean)

    def add(self, told: Sequence[Told], rate: float) -> None:
        """Count the parts of one chain."""
        for part, group in zip(told, groups_of(told, rate, self._config), strict=True):
            mean = self._means[group]
            mean.total, mean.number = mean.total + _reward(part), mean.number + 1

    def of(self, told: Sequence[Told], rate: float) -> list[float | None]:
        """The baseline of each part of a chain that was counted."""
        means = [self._means[group] for group in groups_of(told, rate, self._config)]
        return [mean.total / mean.number if mean.number >= self._config.min_group else None for mean in means]


class TrajectoryMaker:
    """Each kept chain is one row, or one by each of `rows`.

    Args:
        groups: the round's selection; read once for the baselines.
    """

    record: type = Example

    def __init__(self, writing: Writing, groups: Iterable[Sequence[Selected]]) -> None:
        self._writing = writing
        self._num_parts = self._num_without = 0
        self._baselines = [Baselines(config) for config in writing.kinds if isinstance(config, TrajectoryRow)]
        for group in groups:
            answers = [selected.candidate for selected in group]
            for selected in group:
                for place, draft in self._drafts(selected):
                    self._baselines[place].add(draft.row.told, self._rate(answers, place))

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        answers = [selected.candidate for selected in group]
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            drafts = self._drafts(selected)
            rows += [self._row(draft, place, answers) for place, draft in drafts]
            fates.append(selected if drafts else selected.refused(DropReason.NO_ROW))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """num_parts, and num_parts_without_baseline: those whose group is too small."""
        return {"num_parts": self._num_parts, "num_parts_without_baseline": self._num_without}

    def _drafts(self, selected: Selected) -> list[tuple[int, Draft]]:
        """Rows of a kept sample, each with the place of its kind."""
        if selected.reason is not None:
            return []
        kinds = enumerate(self._writing.kinds)
        return [
            (place, draft)
            for place, config in kinds
            for draft in replace(self._writing, kinds=[config]).drafts(selected.candidate)
        ]

    def _rate(self, answers: Sequence[Candidate], place: int) -> float:
        return right_share(answers, self._config(place).judge)

    def _config(self, place: int) -> TrajectoryRow:
        config = self._writing.kinds[place]
        assert isinstance(config, TrajectoryRow), "the recipe was checked for it"
        return config

    def _row(self, draft: Draft, place: int, answers: Sequence[Candidate]) -> Example:
        told, config = draft.row.told, self._config(place)
        baselines = self._baselines[place].of(told, self._rate(answers, place))
        if config.reward == "process":
            self._num_parts += len(told)
            self._num_without += baselines.count(None)
        (row,) = draft.rows(1.0)
        return replace(row, advantages=tuple(advantages_of(told, baselines, config)))
