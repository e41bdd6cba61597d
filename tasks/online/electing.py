"""Vote judges of a wave whose electorate is not the samples themselves: who is asked, and what becomes of verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.schema.judges.by_rule import VoteJudge
from configs.schema.judges.kinds import Judge
from infra.engines.learn.learner import Learner
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.step import derive_seed
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.online.electorate import agreement, elected, majorities
from tasks.online.live import LiveTexts
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY, Sampler

MOVING = "moving"
"""draw of the electors' samples, where the moving copy of the policy votes"""


@dataclass(frozen=True)
class Electing:
    """The votes of one wave.

    Args:
        twins: by problem the one whose samples label it.
        learner: its moving copy draws where it votes.

    Attributes:
        samples: that the moving copy drew, for publication.
        labels, own: by problem, what was elected, and what its own samples would elect.
    """

    sampler: Sampler[Any]
    twins: Mapping[str, str]
    learner: Learner
    samples: list[Sample] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    def settle(
        self,
        verdicts: Sequence[Verdict],
        judges: Sequence[Judge],
        problems: Sequence[Problem],
        partners: Partners,
        world: World,
        seed: int,
    ) -> list[Verdict]:
        """The verdicts in their order, those of such vote judges made anew.

        Args:
            problems: that were drawn together, twins among them.
        """
        told = list(verdicts)
        for judge in judges:
            if not isinstance(judge, VoteJudge) or judge.electorate == "own":
                continue
            places = [place for place, verdict in enumerate(told) if verdict.judge == judge.name]
            votes = [told[place] for place in places]
            own = majorities(votes)
            labels = (
                {one: own[other] for one, other in self.twins.items() if other in own}
                if judge.electorate == "linked"
                else majorities(self._of_copy(judge, problems, partners, world, seed))
            )
            for place, verdict in zip(places, elected(votes, labels), strict=True):
                told[place] = verdict
            drawn = {problem.id for problem in problems}
            self.labels.update({name: label for name, label in labels.items() if name in drawn})
            self.own.update(own)
        return told

    def numbers(self, problems: Sequence[Problem]) -> dict[str, float | None]:
        """label_share: problems that have a label. label_agreement: those whose own majority is that label."""
        if not problems or not self.own:
            return {}
        names = [problem.id for problem in problems]
        share = sum(name in self.labels for name in names) / len(names)
        return {"label_share": share, "label_agreement": agreement(self.own, self.labels, names)}

    def _of_copy(
        self, judge: VoteJudge, problems: Sequence[Problem], partners: Partners, world: World, seed: int
    ) -> list[Verdict]:
        live = partners.places[POLICY]
        assert isinstance(live, LiveTexts), "a wave is drawn from the live weights"
        texts = LiveTexts(self.learner, live.shard_size, live.missing)
        self.learner.ask_copy(True)
        own = derive_seed(seed, MOVING)
        episodes = list(drive(self.sampler, problems, partners.asking(texts), own))
        self.learner.ask_copy(False)
        nodes = [node for episode in episodes for node in episode.nodes]
        self.samples.extend(nodes)
        return list(judge_samples(nodes, [judge], world))
