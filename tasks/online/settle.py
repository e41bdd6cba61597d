"""What a wave's groups are worth: rewards, whether a group teaches, credit, and the streams of each row.

Between what was drawn (`draw.py`) and what is pure (`reward.py`, `credit/`, `streams.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.online.objectives import OnlineObjective, Ppo, StreamObjective
from configs.schema.online.section import Online
from configs.schema.recipe import Recipe
from tasks.core.records import Credit, DropReason, Reward
from tasks.online.carried import Carried
from tasks.online.credit.assign import Advantage, Judged, assign
from tasks.online.credit.baseline import Remembered
from tasks.online.credit.teaches import teaches
from tasks.online.draw import Drawn
from tasks.online.reward import reward_group, term_values, value_group
from tasks.online.rollout import Group
from tasks.online.rollouts_of import group_of
from tasks.online.streams import mask_truncated, pools_of, spans_of


@dataclass(frozen=True)
class Rated:
    """A group with its rewards.

    Attributes:
        reason: why it is not trained on; empty where it may be.
        is_used: whether the wave trains on it.
        has_signal: whether it teaches anything; with `flat_groups: keep` groups are trained on that do not.
    """

    drawn: Drawn
    group: Group
    judged: Judged
    rewards: tuple[Reward, ...]
    reason: str = ""
    is_used: bool = False
    has_signal: bool = True

    @property
    def drops(self) -> dict[str, str]:
        """By the id of an answer, why its group is not trained on; nothing where it is."""
        reason = self.reason or DropReason.SURPLUS
        return {} if self.is_used else {node.id: reason for node in self.drawn.nodes if node.is_answer}


@dataclass(frozen=True)
class Settled:
    """What a wave trains on.

    Attributes:
        drops: by the id of an answer, why it is not trained on.
        advantages: of all units, dropped ones too; none where the learner makes them of returns.
        remembered: what baselines know after it.
    """

    credit: list[Credit]
    drops: dict[str, str]
    advantages: list[Advantage]
    remembered: Remembered


@dataclass(frozen=True)
class Settling:
    """The rules of one recipe."""

    recipe: Recipe
    online: Online
    objective: OnlineObjective

    @classmethod
    def of(cls, recipe: Recipe) -> Settling:
        """Args:
        recipe: of a round with online training.
        """
        assert recipe.online is not None and isinstance(recipe.train.objective, StreamObjective)
        objective: OnlineObjective = recipe.train.objective
        return cls(recipe, recipe.online, objective)

    def rate(self, groups: Sequence[Drawn], before: Carried) -> list[Rated]:
        """The groups with their rewards, in their order."""
        terms, position = self.online.terms(self.objective), before.position
        judges = {judge.name: judge for judge in self.recipe.judge}
        credit = self.online.settled_credit(self.objective)
        rated = []
        for drawn in groups:
            group = group_of(drawn, self.recipe.judge[0], self.online.fork, self.online.control)
            values = value_group(terms, group, judges)
            judged = Judged(group.fork, tuple(reward_group(terms, group, values, position)))
            rewards = tuple(
                Reward(row.sample_id, row.term, row.value, row.weight)
                for row in term_values(terms, group, values, position)
            )
            has_signal = teaches(credit, self.objective, judged)
            is_good = has_signal or (self.online.flat_groups == "keep" and drawn.tokens)
            reason = "" if is_good else _why(judged)
            rated.append(Rated(drawn, group, judged, rewards, reason, has_signal=has_signal))
        return rated

    def settle(self, used: Sequence[Rated], before: Carried, derived: Sequence[Judged] = ()) -> Settled:
        """Credit of the groups that a wave trains on, those that were made of them too."""
        credit = self.online.settled_credit(self.objective)
        groups = [*(one.judged for one in used), *derived]
        has_values = isinstance(self.objective, Ppo)
        whitens = credit.normalise_by
        if has_values:  # the learner whitens what its value head leaves of the returns
            credit = credit.model_copy(update={"normalise_by": "none"})
        advantages, after = assign(credit, groups, before.remembered, before.position.waves)
        advantages = mask_truncated(advantages, self.objective)
        spans = spans_of(advantages, self.objective, before.position)
        spans += pools_of(advantages, whitens) if has_values else []
        drops = {
            turn.sample_id: str(one.dropped) for one in advantages if one.dropped is not None for turn in one.unit.turns
        }
        trained = {span.row for span in spans}
        for one in used:
            for node in one.drawn.nodes:
                if node.is_answer and node.id not in trained:
                    drops.setdefault(node.id, DropReason.NO_CREDIT)
        rows = [Credit(span.row, span.stream, span.start, span.end, span.value) for span in spans]
        return Settled(rows, drops, [] if has_values else advantages, after)


def _why(judged: Judged) -> str:
    rewards = [reward for episode in judged.episodes for reward in episode.rewards]
    if any(reward is not None for reward in rewards):
        return DropReason.FLAT
    is_told = any(turn.is_leaked for episode in judged.episodes for turn in episode.rollout.turns)
    return DropReason.LEAK if is_told else DropReason.UNSCORED
