"""How fast and how lean judging and selecting are. Run: python -m benchmarks.judging [--num-samples 1000000]

Five measurements on the cores of this machine, each printed with its target:

1. `number` through the pool of killable workers: samples a minute.
2. `math`: 10,000 samples, of which every hundredth holds 9^{9^{9^9}}, on which symbolic work never ends.
3. `number` as a stage judges, its verdicts published as they come, against asking the pool and publishing nothing:
   the ratio of seconds, and of CPU seconds, in turns.
4. judge and select over many samples, streamed from Parquet to Parquet: highest memory of all processes together.
5. the reader of answers alone, on the texts of the corpus of traps and on worked solutions: the ratio of its CPU
   seconds to those of a pattern that finds all numbers of the same texts, in turns.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.corpus import read_corpus
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import MathVerifier, NumberVerifier
from infra.store.folder import FolderStore
from tasks.answer.find import find
from tasks.answer.value import UnreadableError
from tasks.core.answers import Answers
from tasks.core.contents import Contents
from tasks.core.ledger import Ledger
from tasks.core.progress import Silent
from tasks.core.records import FinishReason, Message, Problem, Sample, Verdict
from tasks.core.tables import read_records, write_records
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.select.filters.filter import Draw
from tasks.select.join import open_groups
from tasks.select.rows.tables import write_selection

SAMPLES_PER_PROBLEM = 32
REASONING = "First we add the two numbers, then we take away what was given. " * 12
MAX_TRAP = 200
NUMBERS = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
SELLERS = ("Ada", "The farmer", "Her uncle", "A trader", "So Tom")
ENDINGS = ("a day.", "in all.", "for the family every week", "in 7 days.")
HANGING = r"\boxed{9^{9^{9^{9}}}}"


def main() -> None:
    """Run the measurements one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-samples", type=int, default=1_000_000, help="samples of the last measurement")
    num_samples = parser.parse_args().num_samples
    print(f"cores: {len(os.sched_getaffinity(0))}")
    measure_reader()
    measure_number(100_000)
    measure_math(10_000)
    measure_keeping(100_000)
    measure_memory(num_samples)


def measure_reader(turns: int = 9) -> None:
    """What it costs to understand a text, against looking for its numbers; the best of some turns each."""
    traps = [row.text for row in read_corpus() if "number" in row.verifiers and len(row.text) <= MAX_TRAP]
    solutions = [make_solution(index) for index in range(1500)]
    for name, texts in (("traps", traps), ("worked solutions", solutions)):
        reader = min(time_texts(read_text, texts) for _ in range(turns))
        pattern = min(time_texts(NUMBERS.findall, texts) for _ in range(turns))
        print(
            f"reader: {reader / pattern:.1f} times the CPU seconds of a pattern of numbers on {name} "
            f"({1e6 * reader / len(texts):.0f} us a text)"
        )


def time_texts(ask: Callable[[str], object], texts: list[str]) -> float:
    """CPU seconds for all texts."""
    begin = time.process_time()
    for text in texts:
        ask(text)
    return time.process_time() - begin


def read_text(text: str) -> object:
    try:
        return find(text)
    except UnreadableError:
        return None


def measure_number(count: int) -> None:
    """Throughput of the cheapest verifier: what the pool itself costs."""
    seconds, summary = judge(make_samples(count), make_problems(count), AnswerJudge(verifier=NumberVerifier()))
    assert summary["num_samples"] == count and summary["verifier_error_rate"] == 0
    print(f"number: {60 * count / seconds:,.0f} samples a minute ({seconds:.1f} s for {count:,}); target 100,000")


def measure_math(count: int) -> None:
    """Symbolic comparisons with one hanging sample in a hundred."""
    samples = (make_math_sample(index) for index in range(count))
    problems = {f"p{index}": make_problem(index, rf"\frac{{{index}}}{{7}}") for index in range(count)}
    seconds, summary = judge(samples, problems, AnswerJudge(verifier=MathVerifier()))
    print(
        f"math: {seconds:.1f} s for {count:,} samples, {summary['num_verifier_error']} of them hanging, "
        f"{summary['num_correct']} correct; target 120 s for 10,000"
    )


def measure_keeping(count: int, turns: int = 3) -> None:
    """What it costs that verdicts survive a kill: samples that are all different, the best of some turns each."""
    problems = make_problems(count)
    plain: list[tuple[float, float]] = []
    kept: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder, "samples.parquet")
        write_records(samples, Sample, make_samples(count))
        for turn in range(turns):
            plain.append(watch(judge_samples(read_records(samples, Sample), [AnswerJudge()], World(problems))))
            kept.append(watch(judge_and_keep(Path(folder, str(turn)), samples, problems)))
    wall, cpu = (min(one[place] for one in kept) / min(one[place] for one in plain) for place in (0, 1))
    print(f"verdicts that are kept: {wall:.2f} times the seconds, {cpu:.2f} times the CPU seconds; target 1.25")


def watch(verdicts: Iterator[Verdict]) -> tuple[float, float]:
    """Seconds, and CPU seconds of this process and those that it started, until all verdicts are there."""
    begin, before = time.monotonic(), os.times()
    for _ in verdicts:
        pass
    return time.monotonic() - begin, sum(os.times()[:4]) - sum(before[:4])


def measure_memory(count: int) -> None:
    """Judge and select as their tasks do it: three streams from file to file."""
    problems = make_problems(count)
    with tempfile.TemporaryDirectory() as folder, PeakMemory() as memory:
        samples, verdicts = Path(folder, "samples.parquet"), Path(folder, "verdicts.parquet")
        write_records(samples, Sample, make_samples(count))
        begin = time.monotonic()
        write_records(verdicts, Verdict, judge_and_keep(Path(folder), samples, problems))
        judged = time.monotonic()
        groups = open_groups(
            [lambda: (read_records(samples, Sample), read_records(verdicts, Verdict))], problems, ["answer"]
        )
        num_kept = write_selection(Path(folder), groups, recipe(), Draw(0, 1))["num_kept"]
        selected_at = time.monotonic()
    print(
        f"judge + select: {count:,} samples, {num_kept:,} kept, judge {judged - begin:.0f} s, "
        f"select {selected_at - judged:.0f} s, highest memory of all processes {memory.peak_bytes / 2**20:,.0f} MiB; "
        "target 400 MiB"
    )


def judge_and_keep(folder: Path, samples: Path, problems: dict[str, Problem]) -> Iterator[Verdict]:
    """As the stage does it: what the rule finds is published shard by shard."""
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})
    with Silent().stage("judge") as progress:
        answers = Answers(ledger, "bench/round-001/judge/answers", 64, progress, Contents(ledger, folder))
        yield from judge_samples(read_records(samples, Sample), [AnswerJudge()], World(problems, answers=answers))


def recipe() -> Recipe:
    """A recipe whose select section is the default: correct, not truncated, at most ten a problem."""
    sums = {"kind": "addition"}
    return check_recipe({"name": "bench", "model": {"kind": "tiny_llama"},
                         "problems": {"train": sums, "select": sums, "report": sums},
                         "generate": {"max_tokens": 64}})  # fmt: skip


def judge(
    samples: Iterator[Sample], problems: dict[str, Problem], config: AnswerJudge
) -> tuple[float, dict[str, int | float | None]]:
    """Seconds and summary of one judge step; its verdicts are counted and let go."""
    begin, summary = time.monotonic(), JudgeSummary([config.name])
    for _ in summary.watch(judge_samples(samples, [config], World(problems))):
        pass
    return time.monotonic() - begin, summary.numbers()


def make_problem(index: int, gold: str) -> Problem:
    return Problem(f"p{index}", (Message("user", f"What is number {index} after all? " * 5),), gold)


def make_problems(num_samples: int) -> dict[str, Problem]:
    num_problems = -(-num_samples // SAMPLES_PER_PROBLEM)
    return {f"p{index}": make_problem(index, f"{index:,}") for index in range(num_problems)}


def make_samples(count: int) -> Iterator[Sample]:
    """About 800 characters each, no two alike; half of them right, one in fifty truncated."""
    for number in range(count):
        problem, index = divmod(number, SAMPLES_PER_PROBLEM)
        reason = FinishReason.LENGTH if number % 50 == 49 else FinishReason.STOP
        text = f"Try {number}. {REASONING}So the answer is {problem + index % 2} (try {index} was long)."
        text = text.replace(f"(try {index} was long)", "") if index % 3 else f"{text} It is {problem + index % 2}"
        yield Sample(f"p{problem}/{index}", f"p{problem}", index, text, reason, 180, -42.0, "0" * 64)


def make_solution(index: int) -> str:
    """Three lines as in a worked solution, about 200 characters; no two alike."""
    price, count = index % 90 + 10, index % 17 + 3
    return (
        f"{SELLERS[index % 5]} packs {count} crates with {price} melons each, so there are {count} * {price} = "
        f"{count * price} melons.\nHalf of them, {count * price} / 2 = {count * price // 2}, go to the market.\n"
        f"At $3 a melon that makes {count * price // 2} * 3 = ${count * price // 2 * 3} {ENDINGS[index % 4]}"
    )


def make_math_sample(index: int) -> Sample:
    answer = HANGING if index % 100 == 50 else rf"\boxed{{\frac{{{2 * index}}}{{14}}}}"
    return Sample(f"p{index}/0", f"p{index}", 0, f"{REASONING}{answer}", FinishReason.STOP, 180, -42.0, "0" * 64)


class PeakMemory:
    """Highest memory of this process and all its descendants while the block runs, looked at every 50 ms. Pages that
    processes share, as a fork and its parent do, are divided among them (PSS)."""

    peak_bytes = 0

    def __enter__(self) -> PeakMemory:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            self.peak_bytes = max(self.peak_bytes, sum(map(proportional_bytes, family(os.getpid()))))


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from family(child)


def proportional_bytes(pid: int) -> int:
    """Of a process that is there; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
