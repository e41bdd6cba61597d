"""How fast generated programs are judged. Run: python -m benchmarks.code [--humaneval PATH] [--repeat 3]

All canonical solutions of HumanEval through verifier `code`, as the judge stage runs it: the pool's start, a sandbox
for every program, and its tests in another. The file is HumanEval.jsonl.gz as published (github.com/openai/human-eval).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from pathlib import Path
from statistics import median

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.code import CodeVerifier
from tasks.core.records import FinishReason, Message, Problem, Sample
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World

HUMANEVAL = Path("../shared/data/humaneval/HumanEval.jsonl.gz")


def main() -> None:
    """Judge all solutions, a few times over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", type=Path, default=HUMANEVAL, help="HumanEval.jsonl.gz")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median counts")
    settings = parser.parse_args()
    with gzip.open(settings.humaneval) as file:
        rows = [json.loads(line) for line in file]
    seconds = [judge(rows) for _ in range(settings.repeat)]
    print(
        f"code: {len(rows)} canonical solutions of HumanEval, all correct, {median(seconds):.1f} s "
        f"({min(seconds):.1f} to {max(seconds):.1f}), {len(rows) / median(seconds):.0f} programs a second "
        f"on {len(os.sched_getaffinity(0))} cores"
    )


def judge(rows: list[dict[str, str]]) -> float:
    """Seconds for one run."""
    judge = AnswerJudge(verifier=CodeVerifier(layout="humaneval", extract="whole"))
    problems = {row["task_id"]: make_problem(row) for row in rows}
    samples = (make_sample(row) for row in rows)
    begin, summary = time.monotonic(), JudgeSummary([judge.name])
    for _ in summary.watch(judge_samples(samples, [judge], World(problems))):
        pass
    assert summary.numbers()["num_correct"] == len(rows)
    return time.monotonic() - begin


def make_problem(row: dict[str, str]) -> Problem:
    gold = json.dumps({name: row[name] for name in ("prompt", "test", "entry_point")})
    return Problem(row["task_id"], (Message("user", row["prompt"]),), gold)


def make_sample(row: dict[str, str]) -> Sample:
    task = row["task_id"]
    return Sample(f"{task}/0", task, 0, row["canonical_solution"], FinishReason.STOP, 100, -1.0, "0" * 64)


if __name__ == "__main__":
    main()
