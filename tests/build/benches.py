"""Ledgers and workbenches over a folder's store, and steps published there by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.records import Judgement, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import write_records
from tests.build.records import make_recipe

KINDS: dict[str, type] = {
    "train": Problem, "select": Problem, "report": Problem, "verdicts": Verdict, "judgements": Judgement,
}  # fmt: skip
"""record of a table by the first word of its file's name; any other holds samples"""


def make_ledger(folder: Path, work: str = "work", guard: Callable[[], None] | None = None) -> Ledger:
    """A ledger over the folder's store.

    Args:
        work: its work folder, below the same one.
        guard: default: a reader, who holds no lease and publishes no shards.
    """
    return Ledger(FolderStore(folder / "store"), folder / work, {}, guard)


@contextmanager
def open_bench(folder: Path, **sections: Any) -> Iterator[Workbench]:
    """A workbench of the micro recipe with these sections replaced; what it publishes stays in the folder."""
    with Workbench(make_recipe(**sections), make_ledger(folder), folder) as bench:
        yield bench


def publish(bench: Workbench, stage: str, **tables: Sequence[Any]) -> StepRef:
    """A step of round 1 with these tables, by file name without suffix."""
    spec = StepSpec(bench.recipe.name, stage, 1, {"tables": sorted(tables)})
    return publish_tables(bench.ledger, spec, **tables)


def publish_tables(ledger: Ledger, spec: StepSpec, summary: Summary | None = None, **tables: Iterable[Any]) -> StepRef:
    """A step with these tables, by file name without suffix, and with these numbers."""
    with ledger.scratch(spec) as folder:
        for name, rows in tables.items():
            write_records(folder / f"{name}.parquet", KINDS.get(name.partition("-")[0], Sample), rows)
        return ledger.publish(spec, folder, summary or {}, 0.0)
