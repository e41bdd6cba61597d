"""Reading the samples of a generate step, shard after shard, in order."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.core.ledger import Ledger
from tasks.core.records import Sample
from tasks.core.refs import StepRef
from tasks.core.tables import read_records


def read_samples(ledger: Ledger, samples: StepRef) -> Iterator[Sample]:
    """All samples of a round; one row group in memory."""
    for file in samples.files:
        if file.name.startswith("shard-"):
            yield from read_records(ledger.fetch(samples, file.name), Sample)
