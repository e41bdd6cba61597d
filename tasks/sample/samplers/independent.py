"""Sampler `independent`: draws of every problem, at one setting or at several, one after the other. Pure.

Further settings obtain what the first seldom gives: ScPO (arXiv 2411.04109) draws losers at a higher temperature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from configs.schema.generate import IndependentGenerate, Sampling
from configs.schema.judges.kinds import Judge
from infra.engines.wire import Request
from tasks.core.records import Problem
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Question, Texts, chat_of, to_sample
from tasks.sample.samplers.given import Given

HOT = "hot"
"""`Sample.draw` of what is drawn at the higher temperature"""


@dataclass(frozen=True)
class Draws:
    """How often a problem is drawn at one setting; `variant` is `Sample.draw`, and has a seed of its own."""

    sampling: Sampling
    num_samples: int
    variant: str = ""


@dataclass(frozen=True)
class Independent:
    """Draws that know nothing of each other.

    Attributes:
        model: digest of the model that writes.
    """

    draws: Sequence[Draws]
    model: str
    is_single_wave = True
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        return [part.sampling for part in self.draws]

    @property
    def judges(self) -> Sequence[Judge]:
        return ()

    def begin(self, problem: Problem, index: int, seed: int) -> Episode:
        return Episode(problem, index, seed)

    def ask(self, episode: Episode) -> Sequence[Question]:
        return [Texts(POLICY, part.sampling, (self._request(episode, part),)) for part in self.draws]

    def take(self, episode: Episode, answers: Sequence[Answer]) -> Episode:
        """Samples are numbered through the settings; one that is missing leaves its number free."""
        nodes, start = [], 0
        for part, (completions,) in zip(self.draws, answers, strict=True):
            for row in completions:
                place = start + row.index
                name = f"{episode.problem.id}/{place}"
                nodes.append(to_sample(row, episode.problem, self.model, id=name, index=place, draw=part.variant))
            start += part.num_samples
        return replace(episode, nodes=tuple(nodes))

    def numbers(self, episode: Episode) -> Mapping[str, int]:
        return {}

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {"temperature": self.draws[0].sampling.temperature}

    def _request(self, episode: Episode, part: Draws) -> Request:
        seed = derive_seed(episode.seed, part.variant) if part.variant else episode.seed
        return Request(episode.problem.id, chat_of(episode.problem), part.num_samples, seed=seed)


def draws_of(config: IndependentGenerate, temperature: float | None = None) -> list[Draws]:
    """The settings of a recipe; `temperature` is what a calibration picked."""
    sampling = config.sampling()
    if temperature is not None:
        sampling = sampling.model_copy(update={"temperature": temperature})
    draws = [Draws(sampling, config.num_samples)]
    if config.hot_samples:
        hot = sampling.model_copy(update={"temperature": config.hot_temperature})
        draws.append(Draws(hot, config.hot_samples, HOT))
    return draws


def make(config: IndependentGenerate, given: Given) -> Independent:
    """The sampler of a recipe."""
    return Independent(draws_of(config, given.temperature), given.model)
