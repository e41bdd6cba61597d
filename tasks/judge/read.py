"""Reading the judgements that a judge step published, in the order of the samples. Used by meta and monitor too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.core.ledger import Ledger
from tasks.core.records import Judgement
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec
from tasks.core.tables import read_records


def judgement_prefix(judge: str, part: str = "") -> str:
    """What the names of a pass's files begin with; `part` is empty, `reference` or `trusted`."""
    return f"judgements-{judge}-" + (f"{part}-" if part else "")


def read_judgements(ledger: Ledger, step: StepRef, judge: str, part: str = "") -> Iterator[Judgement]:
    """All rows of one judge, shard after shard; one row group in memory. None where the judge asks no model."""
    wanted = re.compile(re.escape(judgement_prefix(judge, part)) + r"[0-9]{5}\.parquet")
    for name in sorted(file.name for file in step.files if wanted.fullmatch(file.name)):
        yield from read_records(ledger.fetch(step, name), Judgement)


def published_so_far(ledger: Ledger, spec: StepSpec) -> StepRef:
    """A step under way, as a handle to the shards that it has published."""
    files = tuple(ledger.published_shards(spec).values())
    return StepRef(stage=spec.stage, round=spec.round, key=spec.key, prefix=spec.prefix, files=files)
