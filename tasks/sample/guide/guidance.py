"""What guided tries of one round are made from: gathered by `task.py`, used by `run.py` and `feedback.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.schema.generate import Guide
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.sample.guide.plan import Standing
from tasks.sample.guide.waves import Drawing

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

    def drawing(self) -> Drawing:
        """The round's settings of a draw, at the guide's temperature."""
        generate = self.bench.recipe.generate
        sampling, heat = generate.sampling(), self.config.temperature
        if heat is not None:
            sampling = sampling.model_copy(update={"temperature": heat})
        return Drawing(sampling, generate.shard_size, self.seed, self.scratch.progress)
