"""Differences between any two methods of a study, problem by problem: those of docs/results.md.

selfloop study configs/studies/full.yaml
python -m benchmarks.pairs configs/studies/full.yaml few_sums:scpo-lmsi few_signs:rft-rest_em

A line for all seeds that both have finished, and one for each; nothing is run. The study's own table compares with its
baseline alone, and corrects for the number of methods; here nothing is corrected.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from configs.schema.study import load_study
from configs.schema.study_runs import runs_of
from flows.services.addresses import resolve_addresses
from flows.study.study import collect
from tasks.study.rows import Table, difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("pairs", nargs="+", metavar="TASK:METHOD-METHOD")
    arguments = parser.parse_args()
    solved, confidence = read_solved(arguments.study), load_study(arguments.study).confidence
    for asked in arguments.pairs:
        task, _, methods = asked.partition(":")
        one, _, other = methods.partition("-")
        for name in (one, other):
            if (task, name) not in solved:
                raise SystemExit(f"{asked}: no finished run of {name} on {task}")
        print(f"{asked}: " + "; ".join(lines(solved[task, one], solved[task, other], confidence)))


def read_solved(path: Path) -> dict[tuple[str, str], dict[int, Mapping[str, bool]]]:
    """By task and method what finished runs solved, by seed and problem."""
    study = load_study(path)
    found: dict[tuple[str, str], dict[int, Mapping[str, bool]]] = {}
    for outcome in collect(study, runs_of(study, path.parent), resolve_addresses(), {}).outcomes:
        found.setdefault((outcome.task, outcome.method), {})[outcome.seed] = outcome.right
    return found


def lines(one: Table, other: Table, confidence: float) -> Iterator[str]:
    """In points, with the interval over problems, and over seeds where there are several."""
    seeds = sorted(one.keys() & other.keys())
    for name, chosen in (("all seeds", seeds), *((f"seed {seed}", [seed]) for seed in seeds)):
        found = difference({seed: one[seed] for seed in chosen}, {seed: other[seed] for seed in chosen}, confidence)
        if found is not None:
            yield f"{name} {100 * found.mean:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


if __name__ == "__main__":
    main()
