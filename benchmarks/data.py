"""How fast and how lean problems are read and checked. Run: python -m benchmarks.data [--rows 100000]

Rows of word problems with different gold answers, every hundredth of which a verifier cannot read and every hundredth
of which comes twice, are read from a .jsonl and from a .csv, split into the three sets with groups, and every gold
answer is read by the verifiers `number` and `math`: what `selfloop check --data` does. Printed for each file: seconds
on the clock and of the CPU, and the most memory that its process, a new one, held with all its libraries.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from configs.schema.load import check_recipe
from flows.run.problem_check import read_recipe_data

STORY = "A baker sells rolls and cakes on every day of the week, and writes down how many of each he sold. " * 3
BOUND_SECONDS = 60
BOUND_MIB = 500


def main() -> None:
    """Measure both kinds of file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("rows.jsonl", write_jsonl), ("rows.csv", write_csv)):
            write(Path(folder, name), count)
            context = multiprocessing.get_context("spawn")
            with context.Pool(1) as pool:
                print(pool.apply(measure, (folder, name)))


def measure(folder: str, name: str) -> str:
    """Read one file as a recipe's problems; the line to print."""
    recipe = check_recipe(
        {
            "name": "read",
            "model": {"kind": "tiny_llama"},
            "services": {"store": f"{folder}/store"},
            "generate": {"max_tokens": 9},
            "judge": [{"kind": "answer"}, {"kind": "answer", "name": "formal", "verifier": {"kind": "math"}}],
            "problems": {
                "source": {"path": name, "on_bad_row": "drop", "mapping": {"answer": {"field": "answer"}}},
                "group": "story",
            },
        }
    )
    start, cpu = time.monotonic(), time.process_time()
    sets = read_recipe_data(recipe, Path(folder))
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sizes = ", ".join(f"{part} {len(problems):,}" for part, problems in sets.problems.items())
    return (
        f"{name}: {sizes}; left out: {sets.tallies['problems'].words()}\n"
        f"  {seconds:.1f} s (at most {BOUND_SECONDS}; {cpu:.1f} s of the CPU), {mib:.0f} MiB (at most {BOUND_MIB})"
    )


def make_rows(count: int) -> Iterator[dict[str, str]]:
    """Rows as they are met: different golds, some of them fractions, formulas with units, odd ones and repeats."""
    for number in range(count):
        place = number - 1 if number % 100 == 99 else number
        golds = (f"{place:,}", f"{place}.25", f"{place}/7", f"${place}", f"{place} km")
        gold = "no idea" if place % 100 == 50 else golds[place % len(golds)]
        yield {"question": f"{STORY}On day {place} he sold how many?", "answer": gold, "story": f"day {place // 4}"}


def write_jsonl(path: Path, count: int) -> None:
    """The rows as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in make_rows(count))


def write_csv(path: Path, count: int) -> None:
    """The rows with a line of names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer", "story"])
        writer.writeheader()
        writer.writerows(make_rows(count))


if __name__ == "__main__":
    main()
