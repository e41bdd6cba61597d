"""What drawing in waves saves, and that it changes nothing of what is kept.   python -m benchmarks.adaptive

Problems are drawn by the sampler of a run (`generate.adaptive`) from simulated verdicts, and what is accepted is capped
by the filter of a run. Printed are the draws made in parts of all draws, exactly and as the simulation had them; the
rows that a problem gives, capped, in parts of what all draws give; and draws for each kept row. Draws stop by their
verdicts in the order of their numbers, so tokens are saved in the proportion of the draws, whatever their lengths
(Wald's equation). A few seconds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.drawing import Sampling
from configs.schema.draws.adaptive import Adaptive
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.select import Cap
from infra.engines.questions import Completion
from tasks.core.joined import Candidate
from tasks.core.records import Label, Message, Problem, Sample, Verdict
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.draws.waves import InWaves, Waves, expected_draws
from tasks.sample.episode import Opinions, Texts
from tasks.select.filters import cap
from tasks.select.filters.filter import Draw

NUM_SAMPLES, NUM_PROBLEMS = 32, 2000
SETTINGS = ((10, 4), (4, 4))
"""accepted draws that are enough, which is the cap too, and draws of a wave"""
PASS_RATES = (0.1, 0.35, 0.5, 0.6, 0.8)
Outcome = str
"""of a draw: its text, of which those that begin with `right` are accepted"""


def main() -> None:
    print(f"{NUM_SAMPLES} draws of a problem; {NUM_PROBLEMS} problems of each pass rate, drawn in waves and to the end")
    print("enough  wave  pass rate   draws made: exact  simulated   rows kept   draws a kept row, all / waves")
    for enough, wave in SETTINGS:
        for rate in PASS_RATES:
            print(f"{enough:6d} {wave:5d} {rate:10.2f}   {measure(Adaptive(enough=enough, wave=wave), rate).row()}")


@dataclass(frozen=True)
class Saved:
    """Of a setting at a pass rate: draws made in parts of all; rows kept of one problem, in waves and of all draws."""

    exact: float
    made: float
    kept: float
    kept_of_all: float

    @property
    def factor(self) -> float:
        """Draws for a kept row where all are drawn, in those that waves take."""
        return self.kept / self.made / self.kept_of_all

    def row(self) -> str:
        """As a row of the table."""
        of_all, in_waves = NUM_SAMPLES / self.kept_of_all, NUM_SAMPLES * self.made / self.kept
        shares = f"{self.exact:17.3f} {self.made:10.3f} {self.kept / self.kept_of_all:11.3f}"
        return f"{shares}   {of_all:.2f} / {in_waves:.2f}, factor {self.factor:.2f}"


def measure(config: Adaptive, rate: float, num_problems: int = NUM_PROBLEMS) -> Saved:
    """Simulated problems of one pass rate."""
    numbers, made, kept, kept_of_all = random.Random(0), 0, 0, 0
    for place in range(num_problems):
        outcomes = ["right" if numbers.random() < rate else "wrong" for _ in range(NUM_SAMPLES)]
        episode = draw_problem(config, outcomes, f"p{place}")
        made += episode.num_asked
        kept += len(kept_of(episode, config.enough))
        kept_of_all += min(outcomes.count("right"), config.enough)
    exact = expected_draws(config, NUM_SAMPLES, rate) / NUM_SAMPLES
    return Saved(exact, made / num_problems / NUM_SAMPLES, kept / num_problems, kept_of_all / num_problems)


def draw_problem(config: Adaptive, outcomes: Sequence[Outcome], problem_id: str = "p") -> Waves:
    """A problem as the sampler draws it in waves, where the draws are these, in the order of their numbers."""
    sampler = sampler_of(config, len(outcomes))
    episode = sampler.begin(Problem(problem_id, (Message("user", problem_id),), "gold"), 0, 1)
    while (questions := sampler.ask(episode)) is not None:
        (asked,) = questions
        answer = _texts(asked, outcomes) if isinstance(asked, Texts) else _opinions(asked)
        episode = sampler.take(episode, [answer])
    return episode


def sampler_of(config: Adaptive, num_samples: int) -> InWaves:
    """The sampler of a recipe without further settings."""
    return InWaves(Independent([Draws(Sampling(), num_samples)], "model"), config, AnswerJudge())


def _texts(asked: Texts, outcomes: Sequence[Outcome]) -> list[list[Completion]]:
    (request,) = asked.requests
    return [[Completion(request.id, draw, outcomes[draw], "stop", 1, None) for draw in request.draws]]


def _opinions(asked: object) -> list[Verdict]:
    assert isinstance(asked, Opinions)
    return [verdict_on(sample) for sample in asked.samples]


def verdict_on(sample: Sample) -> Verdict:
    """By what its text begins with."""
    label = Label.CORRECT if sample.text.startswith("right") else Label.WRONG
    return Verdict(sample.id, sample.problem_id, "answer", label)


def kept_of(episode: Waves, per_problem: int, seed: int = 0) -> list[Sample]:
    """What the filters `correct` and `cap` leave of a problem."""
    pairs = zip(episode.nodes, episode.verdicts, strict=True)
    right = [
        Candidate(sample, {"answer": verdict}, episode.problem)
        for sample, verdict in pairs
        if verdict.label == Label.CORRECT
    ]
    said = cap.keep(right, Cap(per_problem=per_problem), Draw(seed, 1))
    return [one.sample for one, reason in zip(right, said, strict=True) if reason is None]


if __name__ == "__main__":
    main()
