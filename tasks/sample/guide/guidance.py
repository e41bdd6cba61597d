"""What guided tries of one round are made from: gathered by `task.py`, used by `run.py` and `feedback.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.schema.generate import Guide, Sampling
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.sample.guide.plan import Standing

FROZEN = "round_start"
"""the policy's state that comments on failed tries, where no other role does"""


@dataclass(frozen=True)
class Guidance:
    """Everything guided tries of one round are made from.

    Attributes:
        standing: problems with fewer than min_correct correct samples, in order.
        problems: all problems of the round, by id.
        prompts: texts of the kind's prompts, in the order of `prompt_names`.
    """

    bench: Workbench
    config: Guide
    model: ModelRef
    cast: Cast
    standing: Sequence[Standing]
    problems: Mapping[str, Problem]
    prompts: tuple[str, ...]
    seed: int
    scratch: Scratch

    def sampling(self) -> Sampling:
        """The round's settings of a draw, at the guide's temperature."""
        sampling, heat = self.bench.recipe.generate.sampling(), self.config.temperature
        return sampling if heat is None else sampling.model_copy(update={"temperature": heat})
