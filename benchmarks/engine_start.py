"""Seconds until an engine has started, worked and ended: the first one of a process, and the next.

    python -m benchmarks.engine_start

The work is to make a tiny model, milliseconds of it. Where engines are forks, the first one waits for the imports of
all; elsewhere each has its own.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from configs.schema.model import TinyLlama
from infra.engines.models.build import build_model

NUM_NEXT = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, *others = [measure(Path(folder) / str(number)) for number in range(1 + NUM_NEXT)]
    print(f"first engine {first:.2f} s, the next {NUM_NEXT}: median {sorted(others)[NUM_NEXT // 2]:.2f} s")


def measure(folder: Path) -> float:
    folder.mkdir()
    started = time.perf_counter()
    build_model(TinyLlama(), 0, folder / "model", work_dir=folder / "work")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
