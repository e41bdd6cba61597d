"""The steps that a monitor reads."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.core.refs import StepRef


@dataclass(frozen=True)
class RoundSteps:
    """The steps that a monitor reads.

    Attributes:
        sampled: the step whose `train.parquet` holds the problems that the samples are of.
        problems: the step with the held-out sets.
        first: the monitor of round 1; None in round 1.
    """

    samples: StepRef
    verdicts: StepRef
    selection: StepRef
    sampled: StepRef
    problems: StepRef
    first: StepRef | None = None
