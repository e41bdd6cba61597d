"""Draws of a problem in waves, until enough of them are accepted (`generate.adaptive`). Pure.

A wave is the next `wave` numbers of draws, and what stops a problem are their verdicts alone, in whole waves: which
draws there are does not depend on which of them ended first. A draw has the seed that it has where all are drawn.

What is accepted of a problem that stopped is distributed as what is accepted of all its draws. How often it is accepted
is not to be read off the share: see `tasks/monitor/group.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb

from configs.schema.drawing import Sampling
from configs.schema.draws.adaptive import Adaptive
from configs.schema.judges.kinds import Judge
from tasks.core.records import Label, Problem, Sample
from tasks.core.step import Summary
from tasks.sample.draws.independent import Drawn, Draws, Independent
from tasks.sample.episode import Answer, Opinions, Question

COUNTED = ("num_draws", "num_draws_saved", "num_stopped", "num_given_up")
"""draws asked for, and those that were not; problems that stopped before their last wave, and those without an accepted
draw that were given up"""


def next_wave(config: Adaptive, num_samples: int, num_asked: int, num_accepted: int) -> range:
    """Numbers of the draws that are asked for next; empty where a problem ends.

    Args:
        num_samples: draws of a problem that nothing stops.
        num_asked, num_accepted: of the waves so far.
    """
    if num_accepted >= config.enough or is_given_up(config, num_asked, num_accepted):
        return range(num_asked, num_asked)
    return range(num_asked, min(num_asked + config.wave, num_samples))


def is_given_up(config: Adaptive, num_asked: int, num_accepted: int) -> bool:
    """Whether a problem has had its chance; arguments as of `next_wave`."""
    return config.give_up_after is not None and num_accepted == 0 and num_asked >= config.give_up_after


@dataclass(frozen=True)
class Waves(Drawn):
    """Draws of one problem, as far as they have come.

    Attributes:
        num_asked: draws asked for, those that are missing included.
        fresh: drawn, and not judged yet.
    """

    num_asked: int = 0
    fresh: tuple[Sample, ...] = ()

    @property
    def num_accepted(self) -> int:
        return sum(verdict.label == Label.CORRECT for verdict in self.verdicts)


@dataclass(frozen=True)
class InWaves:
    """Draws that stop.

    Attributes:
        inner: the draws of one kind that there would be without stopping.
        judge: says which are accepted.
    """

    inner: Independent
    config: Adaptive
    judge: Judge
    is_single_wave = False
    has_one_writer = True
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        return self.inner.settings

    @property
    def judges(self) -> Sequence[Judge]:
        return (self.judge,)

    @property
    def _draws(self) -> Draws:
        (part,) = self.inner.draws
        return part

    def begin(self, problem: Problem, index: int, seed: int) -> Waves:
        return Waves(problem, index, seed)

    def ask(self, episode: Waves) -> Sequence[Question] | None:
        if episode.fresh:
            return [Opinions(self.judge, episode.problem, episode.fresh)]
        wave = next_wave(self.config, self._draws.num_samples, episode.num_asked, episode.num_accepted)
        return [self.inner.texts(episode, self._draws, wave)] if wave else None

    def take(self, episode: Waves, answers: Sequence[Answer]) -> Waves:
        (answer,) = answers
        if episode.fresh:
            nodes = (*episode.nodes, *episode.fresh)
            return replace(episode, nodes=nodes, verdicts=(*episode.verdicts, *answer), fresh=())
        fresh, counts = self.inner.samples(episode.problem, self._draws, answer[0])
        wave = next_wave(self.config, self._draws.num_samples, episode.num_asked, episode.num_accepted)
        return replace(episode, fresh=fresh, num_asked=wave.stop, counts=episode.counts + counts)

    def numbers(self, episode: Waves) -> Mapping[str, int]:
        asked, planned = episode.num_asked, self._draws.num_samples
        told = {
            "num_draws": asked,
            "num_draws_saved": planned - asked,
            "num_stopped": int(asked < planned and episode.num_accepted >= self.config.enough),
            "num_given_up": int(is_given_up(self.config, asked, episode.num_accepted)),
        }
        return {**episode.counts, **told}

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {**self.inner.summary(num_problems, sums), **{name: sums.get(name, 0) for name in COUNTED}}


def expected_draws(config: Adaptive, num_samples: int, pass_rate: float) -> float:
    """Mean number of draws of a problem of which each is accepted with the same chance, exactly.

    Args:
        num_samples: draws of a problem that nothing stops.
        pass_rate: the chance, in [0, 1].
    """
    expected, chances = 0.0, {(0, 0): 1.0}
    while chances:
        asked, accepted = min(chances)  # wave after wave: all ways to a place are known before it is left
        chance = chances.pop((asked, accepted))
        wave = len(next_wave(config, num_samples, asked, accepted))
        expected += chance * wave
        for number in range(wave + 1) if wave else ():
            here = comb(wave, number) * pass_rate**number * (1 - pass_rate) ** (wave - number)
            place = (asked + wave, min(accepted + number, config.enough))
            chances[place] = chances.get(place, 0.0) + chance * here
    return expected
