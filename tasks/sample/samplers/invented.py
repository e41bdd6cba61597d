"""Sampler `invented`: one long episode in which a model writes problems from examples. Pure; for the invent stage.

Self-Rewarding (arXiv 2401.10020), few-shot as in Self-Instruct (arXiv 2212.10560). As many are asked for as are
missing, until enough passed the filters (`tasks/sample/invent/filters.py`) or the attempts are used up.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from configs.schema.around_generate import SelfInstruct
from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Request
from tasks.core.prompts import render
from tasks.core.records import Problem
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Question, Texts
from tasks.sample.invent.filters import read_problem, refuse

PROMPTS_PER_DRAW = 256


@dataclass(frozen=True)
class Inventing(Episode):
    """What was written so far.

    Attributes:
        kept: texts of the problems that passed the filters.
        refused: the others, counted by reason.
    """

    kept: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    num_drawn: int = 0


@dataclass(frozen=True)
class Invented:
    """Writes problems.

    Attributes:
        prompt: text of the prompt that shows examples.
        seeds, own: texts of the train problems, and of those that the model wrote in rounds before.
    """

    config: SelfInstruct
    prompt: str
    seeds: Sequence[str]
    own: Sequence[str]
    is_single_wave = False
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        config = self.config
        return [Sampling(temperature=config.temperature, top_p=config.top_p, max_tokens=config.max_tokens)]

    @property
    def judges(self) -> Sequence[Judge]:
        return ()

    def begin(self, problem: Problem, index: int, seed: int) -> Inventing:
        return Inventing(problem, index, seed)

    def ask(self, episode: Inventing) -> Sequence[Question] | None:
        number = self._num_wanted(episode)
        places = range(episode.num_drawn, episode.num_drawn + number)
        requests = tuple(self._request(episode, place) for place in places)
        return [Texts(POLICY, self.settings[0], requests)] if requests else None

    def take(self, episode: Inventing, answers: Sequence[Answer]) -> Inventing:
        """Keep what passes the filters; what was cut off at max_tokens is not read."""
        kept, refused = list(episode.kept), list(episode.refused)
        for row in (row for completions in answers[0] for row in completions if row.finish_reason == "stop"):
            problem = read_problem(row.text, self.config.pattern)
            known = [*self.seeds, *self.own, *kept]
            reason = "unreadable" if problem is None else refuse(problem, known, self.config)
            if reason is not None or problem is None:
                refused.append(reason or "unreadable")
            elif len(kept) < self.config.num_prompts:
                kept.append(problem)
        num_drawn = episode.num_drawn + self._num_wanted(episode)
        return replace(episode, kept=tuple(kept), refused=tuple(refused), num_drawn=num_drawn)

    def numbers(self, episode: Inventing) -> Mapping[str, int]:
        refused = {f"num_invented_{name}": count for name, count in Counter(episode.refused).items()}
        return {"num_invented": len(episode.kept), "num_invented_drawn": episode.num_drawn, **refused}

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {**sums}

    def _num_wanted(self, episode: Inventing) -> int:
        left = self.config.max_attempts * self.config.num_prompts - episode.num_drawn
        return max(0, min(self.config.num_prompts - len(episode.kept), left, PROMPTS_PER_DRAW))

    def _request(self, episode: Inventing, number: int) -> Request:
        draw = random.Random(derive_seed(episode.seed, "examples", number))
        known = [*self.own, *episode.kept]
        own = draw.sample(known, min(self.config.own_examples, len(known)))
        wanted = self.config.seed_examples + self.config.own_examples - len(own)
        examples = [*draw.sample(list(self.seeds), min(wanted, len(self.seeds))), *own]
        draw.shuffle(examples)
        chat = (("user", render(self.prompt, examples=examples)),)
        return Request(str(number), chat, seed=derive_seed(episode.seed, "problem", number))
