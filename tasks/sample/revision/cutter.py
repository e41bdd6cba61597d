"""The waves in which wrong first attempts are cut at their first wrong step: continuations, and opinions of them. The
sampler calls it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from configs.schema.revision.parts import WrongStep
from infra.engines.questions import Completion
from tasks.core.records import Label, Sample, Verdict
from tasks.sample.episode import POLICY, Opinions, Question, Texts, chat_of
from tasks.sample.revision.chain import begun
from tasks.sample.revision.cutting import as_answers, beginnings, cut_at, first_wrong_step, rollout_requests
from tasks.sample.revision.revising import Revising


@dataclass(frozen=True)
class Cutter:
    """Looks for first wrong steps.

    Attributes:
        judge: the recipe's first.
        model: digest of the policy.
    """

    config: WrongStep
    sampling: Sampling
    judge: Judge
    model: str

    def begin(self, episode: Revising) -> Revising:
        """With the wrong first attempts that have more than one step to be looked at."""
        wrong = (one for one in episode.drawn if self._label(episode, one.tip) == Label.WRONG)
        return replace(episode, cutting=tuple(one for one in wrong if beginnings(one.tip, self.config.step_end)))

    def ask(self, episode: Revising) -> Sequence[Question]:
        """Continuations, and then a judge's opinion of each."""
        if episode.continued:
            answers = tuple(one for steps in episode.continued for rows in steps for one in rows)
            return [Opinions(self.judge, episode.problem, answers)]
        chat, config = chat_of(episode.problem), self.config
        requests = (
            request
            for chain in episode.cutting
            for request in rollout_requests(chain.tip, config.step_end, config.rollouts, chat, episode.seed)
        )
        return [Texts(POLICY, self.sampling, tuple(requests))]

    def continued(self, episode: Revising, answers: Sequence[Sequence[Completion]]) -> Revising:
        """With the continuations."""
        left, found, step_end = iter(answers), list[tuple[tuple[Sample, ...], ...]](), self.config.step_end
        for chain in episode.cutting:
            own = [next(left) for _ in beginnings(chain.tip, step_end)]
            found.append(tuple(as_answers(chain.tip, step_end, own, episode.problem, self.model)))
        number = sum(len(rows) for steps in found for rows in steps)
        return replace(episode.counted("num_rollouts", number), continued=tuple(found))

    def cut(self, episode: Revising, opinions: Sequence[Verdict]) -> Revising:
        """Attempts whose first wrong step is found end there; the others stay as they are."""
        left, ends_at = iter(opinions), dict[str, Sample]()
        for chain, steps in zip(episode.cutting, episode.continued, strict=True):
            number = first_wrong_step([[next(left) for _ in rows] for rows in steps])
            episode = episode.counted("num_without_wrong_step" if number is None else "num_cut")
            if number is not None:
                ends_at[chain.tip.id] = cut_at(chain.tip, number, self.config.step_end)
        nodes = tuple(ends_at.get(node.id, node) for node in episode.nodes)
        drawn = tuple(begun(ends_at.get(one.tip.id, one.tip), episode.problem.messages) for one in episode.drawn)
        return replace(episode, nodes=nodes, drawn=drawn, cutting=(), continued=())

    def _label(self, episode: Revising, attempt: Sample) -> str:
        return episode.opinions[attempt.id][self.judge.name].label
