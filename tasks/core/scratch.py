"""What a stage gets to work with while its step is computed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.core.answers import Answers
from tasks.core.progress import StageProgress


@dataclass
class Scratch:
    """What a stage gets to work with.

    Attributes:
        out: published when the stage returns.
        work: survives a crash, so that a training can resume.
        answers: whatever the stage asks of models is asked here, and survives in the store.
    """

    out: Path
    work: Path
    progress: StageProgress
    answers: Answers
