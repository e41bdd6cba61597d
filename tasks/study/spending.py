"""What a round took, in tokens: what models wrote and read for it, and what was trained on. Pure.

Evaluation and benchmarks are not counted: they measure. Prompts are not counted, of a token trained on only the
completion's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from configs.schema.study import Budget
from tasks.benchmark.stage import BENCHMARK, CHAMPION
from tasks.core.usage import READ, WRITTEN
from tasks.evaluate.stage import EVALUATE
from tasks.monitor.stage import MONITOR

MEASURES = (EVALUATE.name, MONITOR.name, BENCHMARK.name, CHAMPION)
TRAINED = "num_train_tokens"


class Spent(NamedTuple):
    """Tokens."""

    written: int
    read: int
    trained: int

    @property
    def flops_per_parameter(self) -> float:
        """Two for a token that passes the model once, six for one that is trained on (arXiv 2001.08361)."""
        return 2.0 * (self.written + self.read) + 6.0 * self.trained

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(*(one + more for one, more in zip(self, other, strict=True)))

    def against(self, budget: Budget) -> float:
        """The share of a budget, at least 0."""
        if budget.generated_tokens is not None:
            return self.written / budget.generated_tokens
        if budget.training_tokens is not None:
            return self.trained / budget.training_tokens
        assert budget.flops_per_parameter is not None, "the budget was checked for one"
        return self.flops_per_parameter / budget.flops_per_parameter


NOTHING = Spent(0, 0, 0)


def spent_in(metrics: Mapping[str, float]) -> Spent:
    """What a round took, from its numbers (`tasks/report/build.py`)."""

    def tokens(kind: str) -> int:
        names = (name for name in metrics if name.startswith(f"{kind}_"))
        return int(sum(metrics[name] for name in names if name.removeprefix(f"{kind}_") not in MEASURES))

    trained = sum(value for name, value in metrics.items() if name == TRAINED or name.endswith(f"_{TRAINED}"))
    return Spent(tokens(WRITTEN), tokens(READ), int(trained))


def may_go_on(rounds: list[Spent], budget: Budget) -> bool:
    """Whether a further round, as dear as the dearest so far, ends within the budget.

    Args:
        rounds: what every round took, from round 0, whose warm start counts.
    """
    total = NOTHING
    for one in rounds:
        total = total.plus(one)
    dearest = max((one.against(budget) for one in rounds[1:]), default=0.0)
    return total.against(budget) + dearest <= 1
