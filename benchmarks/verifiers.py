"""How right and how fast the verifiers are, on the corpus of traps. Run: python -m benchmarks.verifiers

Every verifier is asked about the rows that are for it, and two baselines about the same rows as `number` and `math`.
Three figures each, as `tests/corpus/README.md` defines them: texts called correct that are not; of the answers that a
person reads, the share that is not read; and the share of rows on which verifier and person agree. Then the seconds for
1,000 texts in one worker, its start aside, and the rows that are there to run out of time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.corpus import ROWS, Ask, Row, ask_baseline, ask_verifier, by_settings, judge_rows, read_corpus
from tasks.judge.verifiers.registry import VERIFIERS

COLUMNS = ("rows for", "asked", "rows", "false positives", "not read", "agrees", "s for 1,000 texts")
BASELINES = {"math-verify alone": "math_verify_alone", "last number": "last_number"}
SECONDS = 2.0
"""about how long each is timed"""
BESIDE = ("number", "math")
"""verifiers whose rows the baselines are asked about"""


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROWS, help="folder with the rows")
    rows = read_corpus(parser.parse_args().corpus)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for kind in sorted(VERIFIERS.keys() - {"python", "reasoning_gym"}):  # the package's own tasks are its rows
        mine = [row for row in rows if kind in row.verifiers]
        print(line(kind, f"`{kind}`", mine, partial(ask_verifier, kind)), flush=True)
        for name, baseline in BASELINES.items() if kind in BESIDE else ():
            print(line(kind, name, mine, partial(ask_baseline, baseline)), flush=True)


def line(kind: str, name: str, rows: Sequence[Row], ask: Ask) -> str:
    """A row of the table."""
    judged = judge_rows(rows, ask)
    unread = sum(one.is_unread for one in judged) / sum(row.reading for row in rows)
    agrees = sum(one.is_right for one in judged) / len(judged)
    false_positives = sum(one.is_false_positive for one in judged)
    return (
        f"| {kind} | {name} | {len(rows)} | {false_positives} | {unread:.1%} | {agrees:.1%} | "
        f"{seconds_for_thousand(rows, ask):.2f} |"
    )


def seconds_for_thousand(rows: Sequence[Row], ask: Ask) -> float:
    """Of one worker, from its first text to its last; asked again and again where once takes less than a second."""
    quick = [row for row in rows if row.kind != "huge" and "limit_seconds" not in row.settings]
    texts = max(by_settings(quick), key=len)
    once = timed(texts, ask)
    num_times = int(min(SECONDS / max(once, 1e-3), 1000)) + 1
    return 1000 * timed(texts * num_times, ask) / (len(texts) * num_times - 1)


def timed(rows: Sequence[Row], ask: Ask) -> float:
    """Seconds from the first answer to the last."""
    first = last = None
    for _ in ask(rows, num_workers=1):
        last = time.monotonic()
        first = first or last
    assert first is not None and last is not None, "there are rows"
    return last - first


if __name__ == "__main__":
    main()
