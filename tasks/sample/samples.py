"""The samples of a step: `shard-00000.parquet`, ..., written episode by episode and read in order."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from tasks.core.ledger import Ledger
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.tables import TableWriter, read_records, write_records
from tasks.sample.episode import E, Sampler

EPISODES_PER_FILE = 1024


def write_episodes(folder: Path, episodes: Iterable[E], sampler: Sampler[E]) -> Counter[str]:
    """Write what a sampler's episodes end with; returns their numbers, with `num_samples`.

    Nodes are `shard-00000.parquet`, ...; of a sampler that makes problems, these are `train.parquet`, and the verdicts
    on the nodes `verdicts.parquet`. The nodes of one file are in memory.
    """
    numbers: Counter[str] = Counter(num_samples=0)
    waiting, place = iter(episodes), 0
    with ExitStack() as stack:
        tables = {}
        if sampler.makes_problems:
            for name, record in (("train", Problem), ("verdicts", Verdict)):
                tables[name] = stack.enter_context(TableWriter(folder / f"{name}.parquet", record))
        while part := list(islice(waiting, EPISODES_PER_FILE)):
            nodes = (node for episode in part for node in episode.nodes)
            numbers["num_samples"] += write_records(folder / f"shard-{place:05d}.parquet", Sample, nodes)
            place += 1
            for episode in part:
                numbers.update(sampler.numbers(episode))
                for name, rows in (("train", episode.problems), ("verdicts", episode.verdicts)):
                    for row in rows if sampler.makes_problems else ():
                        tables[name].add(row)
    return numbers


def copy_held_out(ledger: Ledger, problems: StepRef, folder: Path) -> None:
    """The held-out sets beside a round's own problems: for later stages they stand for the round's."""
    for name in ("select.parquet", "report.parquet"):
        shutil.copy(ledger.fetch(problems, name), folder / name)


def read_samples(ledger: Ledger, samples: StepRef) -> Iterator[Sample]:
    """All samples of a round; one row group in memory."""
    for file in samples.files:
        if file.name.startswith("shard-"):
            yield from read_records(ledger.fetch(samples, file.name), Sample)
