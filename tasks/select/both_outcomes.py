"""Component `both_outcomes`: keep problems with a correct and a wrong sample, whole (EAST, arXiv 2503.23913).

Where the code differs from the paper's:
1. Only an answer that was read and compared counts as wrong: a problem with correct and unparseable samples alone is
   refused.
2. It looks at what the components before it left: write it before `correct`, which leaves no wrong sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import BothOutcomes
from tasks.core.records import DropReason, Label
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: BothOutcomes, draw: Draw) -> list[DropReason | None]:
    """None for all samples of the problem, or one_sided for all."""
    labels = {candidate.verdict(config.judge).label for candidate in group}
    has_both = Label.CORRECT in labels and Label.WRONG in labels
    return [None if has_both else DropReason.ONE_SIDED] * len(group)
