"""The samples of a step: `shard-00000.parquet`, ..., written problem by problem and read in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from tasks.core.ledger import Ledger
from tasks.core.records import Sample
from tasks.core.refs import StepRef
from tasks.core.tables import read_records, write_records


def write_samples(folder: Path, groups: Iterable[Sequence[Sample]], groups_per_file: int) -> int:
    """Write the samples of problem after problem; returns their number. The samples of one file are in memory."""
    waiting, number, count = iter(groups), 0, 0
    while part := list(islice(waiting, groups_per_file)):
        path = folder / f"shard-{number:05d}.parquet"
        count += write_records(path, Sample, (sample for group in part for sample in group))
        number += 1
    return count


def read_samples(ledger: Ledger, samples: StepRef) -> Iterator[Sample]:
    """All samples of a round; one row group in memory."""
    for file in samples.files:
        if file.name.startswith("shard-"):
            yield from read_records(ledger.fetch(samples, file.name), Sample)
