"""The steps that a monitor reads."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.core.refs import StepRef


@dataclass(frozen=True)
class RoundSteps:
    """The steps that a monitor reads.

    Attributes:
        samples, verdicts: the steps whose samples may be trained on, and those that judged them, in the same order.
        sampled: the step whose `train.parquet` holds the problems that the samples are of.
        problems: the step with the held-out sets.
        first: the monitor of round 1; None in round 1.
        meta: the round's pairs of judgements, where it makes some.
    """

    samples: tuple[StepRef, ...]
    verdicts: tuple[StepRef, ...]
    selection: StepRef
    sampled: StepRef
    problems: StepRef
    first: StepRef | None = None
    meta: StepRef | None = None
