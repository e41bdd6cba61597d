"""Is every stage linear in its rows, and lean? Run: python -m benchmarks.linear [--sizes 10000 100000]

Each stage of a round (`linear_stages.py`) runs on so many made samples, in a process of its own, once for each size.
Printed: the ratio of the CPU seconds that all its processes took, and the difference of the most memory that its own
process held while it ran: without pages of files that are mapped, which the system takes back where it needs them, and
looked at 100 times a second. Promised for 10,000 and 100,000: under 12 times as long, under 20 MB
more. With --sizes 1000000 the peaks are printed alone: select, monitor and training rows are promised under 1 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.linear_stages import STAGES, Place
from infra.process.settled import settled

MOST_TIMES, MOST_MORE, MOST = 12, 20, 1000
VARIANTS = {
    **dict.fromkeys(STAGES, ("sft", False)),
    **{f"{name} of pairs": ("dpo", False) for name in ("select", "monitor", "training rows", "token rows")},
    "problems": ("sft", True), "evaluate": ("sft", True),
}  # fmt: skip
"""by what is printed: the objective, and whether the held-out sets are what is large"""
STATUS = Path("/proc/self/status")


def main() -> None:
    """Measure each stage at each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--stages", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--folder", type=Path, help="where rows are kept for the next run; default: they are not")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        print(json.dumps(measure(told.child[0], int(told.child[1]), Path(told.child[2]))))
        return
    with tempfile.TemporaryDirectory() as made:
        print(f"{'stage':24}" + "".join(f"{size:>10,} s {'MB':>6}" for size in told.sizes) + "   times  more MB")
        for name in told.stages:
            found = [run_child(name, size, told.folder or Path(made)) for size in told.sizes]
            print(line_of(name, found), flush=True)


def run_child(name: str, size: int, folder: Path) -> tuple[float, float]:
    """Seconds and MB of one stage, in a process that ends with it."""
    command = [sys.executable, "-m", "benchmarks.linear", "--child", name, str(size), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def measure(name: str, size: int, folder: Path) -> tuple[float, float]:
    """CPU seconds of a stage, those of its ended children included, and MB at its peak."""
    kind, held_out = VARIANTS[name]
    stage = name.removesuffix(" of pairs")
    place = Place(folder / f"{size}-{kind}{'-held-out' if held_out else ''}", size, kind, held_out)
    place.before(stage)
    for published in place.folder.glob(f"store/linear/round-*/{stage}"):
        shutil.rmtree(published)
    before = sum(os.times()[:4])
    with settled(), Peak() as peak:  # as a run does
        STAGES[stage](place)
    return sum(os.times()[:4]) - before, peak.megabytes


class Peak:
    """The most memory of this process that is of no file, while it is open.

    Attributes:
        megabytes: so much; 0 before.
    """

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            found = re.search(r"RssAnon:\s+(\d+) kB", STATUS.read_text())
            assert found is not None
            self.megabytes = max(self.megabytes, int(found[1]) * 1024 / 1e6)
            if self._ends.wait(0.01):
                return


def line_of(name: str, found: list[tuple[float, float]]) -> str:
    """One line of the table; what breaks a promise is marked."""
    line = f"{name:24}" + "".join(f"{seconds:12.2f} {megabytes:6.0f}" for seconds, megabytes in found)
    if len(found) < 2:
        return line
    times, more = found[-1][0] / found[0][0], found[-1][1] - found[0][1]
    return f"{line} {times:7.1f}{'!' if times >= MOST_TIMES else ' '} {more:7.1f}{'!' if more >= MOST_MORE else ' '}"


if __name__ == "__main__":
    main()
