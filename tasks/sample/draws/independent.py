"""Draws of every problem that know nothing of each other, at one setting or at several, one after the other. Pure.

Further draws obtain what the first seldom gives: ScPO (arXiv 2411.04109) draws losers at a higher temperature, SSO
(arXiv 2410.17131) under good and bad principles, Self-Reinforcement (arXiv 2405.04086) from the model before training.

1. Draws of one writer are asked together, the policy's first, so that each model is loaded once; samples are numbered
   in that order. A draw that is missing, or of which `strip` leaves nothing, leaves its number free.
2. What a draw was asked is not what it is trained under: `Sample.messages` is the one, `Sample.stored` the other. The
   log-probability of a text is kept where both are the same chat, and the text is what the model wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from configs.schema.revision.parts import Writer
from infra.engines.questions import Completion, Request
from tasks.core.records import Problem, Sample
from tasks.core.step import Summary, derive_seed
from tasks.sample.draws.asking import LoadedDraw
from tasks.sample.episode import POLICY, Answer, Episode, Question, Texts, chat_of, to_sample

STRIPPED, EMPTY = "num_stripped", "num_empty"
"""texts that something was cut out of, and those of which nothing was left"""
ROUND_START = Writer(POLICY, "round_start")


@dataclass(frozen=True)
class Draws:
    """How often a problem is drawn at one setting.

    Attributes:
        name: `Sample.draw`; a name has a seed of its own.
        steered: what is asked in place of the problem's chat.
        variant: number of the prompt, from 1.
    """

    sampling: Sampling
    num_samples: int
    name: str = ""
    writer: Writer = ROUND_START
    steered: LoadedDraw | None = None
    variant: int = 1
    strip: tuple[str, ...] = ()

    @property
    def seed_path(self) -> tuple[Any, ...]:
        """What its seed depends on, beside the episode's."""
        return (*((self.name,) if self.name else ()), *((self.variant,) if self.variant > 1 else ()))


@dataclass(frozen=True)
class Drawn(Episode):
    """Draws of one problem.

    Attributes:
        counts: STRIPPED and EMPTY.
    """

    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Independent:
    """Draws that know nothing of each other.

    Attributes:
        draws: those of one writer lie together.
        model: digest of the policy that writes.
        others: digests of the models that write beside it, by name.
    """

    draws: Sequence[Draws]
    model: str
    others: Mapping[str, str] = field(default_factory=dict)
    is_single_wave = True
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        own = [part.sampling for part in self.draws if part.writer.name == POLICY]
        return [one for place, one in enumerate(own) if one not in own[:place]]

    @property
    def judges(self) -> Sequence[Judge]:
        return ()

    def begin(self, problem: Problem, index: int, seed: int) -> Drawn:
        return Drawn(problem, index, seed)

    def ask(self, episode: Drawn) -> Sequence[Question]:
        return [self.texts(episode, part, range(part.num_samples)) for part in self.draws]

    def take(self, episode: Drawn, answers: Sequence[Answer]) -> Drawn:
        """Samples are numbered through the draws."""
        nodes, start, counts = list[Sample](), 0, Counter[str]()
        for part, (completions,) in zip(self.draws, answers, strict=True):
            found, cut = self.samples(episode.problem, part, completions, start)
            nodes, counts = [*nodes, *found], counts + cut
            start += part.num_samples
        return replace(episode, nodes=tuple(nodes), counts=counts)

    def numbers(self, episode: Drawn) -> Mapping[str, int]:
        return episode.counts

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        cut = {name: sums.get(name, 0) for name in (STRIPPED, EMPTY)} if any(one.strip for one in self.draws) else {}
        return {"temperature": self.draws[0].sampling.temperature, **cut}

    def texts(self, episode: Episode, part: Draws, numbers: range) -> Texts:
        """What is asked for some of the draws at one setting, at least one."""
        seed = derive_seed(episode.seed, *part.seed_path) if part.seed_path else episode.seed
        problem = episode.problem
        if part.steered is not None:
            problem = replace(problem, messages=part.steered.asked(problem, part.variant))
        request = Request(problem.id, chat_of(problem), len(numbers), seed=seed, first=numbers.start)
        return Texts(part.writer.name, part.sampling, (request,))

    def samples(
        self, problem: Problem, part: Draws, completions: Sequence[Completion], start: int = 0
    ) -> tuple[tuple[Sample, ...], Counter[str]]:
        """What was drawn at one setting, as samples, and the counts of STRIPPED and EMPTY.

        Args:
            start: number of the sample that is the setting's first draw.
        """
        nodes, counts = list[Sample](), Counter[str]()
        for row in completions:
            text = _cut(row.text, part.strip)
            counts[STRIPPED] += text != row.text
            counts[EMPTY] += text != row.text and not text
            if text or text == row.text:
                nodes.append(self._sample(problem, part, row, text, start + row.index))
        return tuple(nodes), counts

    def _sample(self, problem: Problem, part: Draws, row: Completion, text: str, index: int) -> Sample:
        model = self.model if part.writer.name == POLICY else self.others[part.writer.name]
        fields: dict[str, Any] = {"by": part.writer.role, "state": part.writer.state, "draw": part.name, "text": text}
        has_own_chat = True
        if part.steered is not None:
            asked, shown = part.steered.asked(problem, part.variant), part.steered.shown(problem, part.variant)
            has_own_chat = asked == shown
            privileged = part.steered.config.sees != "none"
            fields |= {"messages": asked, "stored": shown, "privileged": privileged}
        known = row.logprob if has_own_chat and text == row.text else None
        return to_sample(row, problem, model, id=f"{problem.id}/{index}", index=index, logprob=known, **fields)


def _cut(text: str, patterns: Sequence[str]) -> str:
    """A text without what the patterns find, and without the blanks that this leaves at its ends."""
    left = text
    for pattern in patterns:
        left = re.sub(pattern, "", left)
    return text if left == text else left.strip()
