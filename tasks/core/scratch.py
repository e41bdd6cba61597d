"""What a stage gets to work with while its step is computed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.core.progress import StageProgress


@dataclass
class Scratch:
    """What a stage gets to work with: `out` is published when it returns, `work` survives a crash for resuming."""

    out: Path
    work: Path
    progress: StageProgress
