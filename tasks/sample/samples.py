"""What the generate stage writes of its episodes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tasks.core.files import FEW_SHOT_SET, HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.ledger import Ledger
from tasks.core.paths import check_depth_first
from tasks.core.records import Sample
from tasks.core.refs import StepRef
from tasks.core.tables import TableWriter
from tasks.sample.episode import E, Sampler

EPISODES_PER_FILE = 1024


def write_episodes(folder: Path, episodes: Iterable[E], sampler: Sampler[E]) -> Counter[str]:
    """Write what a sampler's episodes end with; returns their numbers with `num_samples` and `num_calls`.

    Nodes are `shard-00000.parquet`, ...; the verdicts of judges that were asked on the way are `verdicts.parquet`, and
    the problems that a sampler makes `train.parquet`. One episode is in memory.

    Raises:
        UserError: a sampler gives nodes that are not in order, depth first.
    """
    numbers: Counter[str] = Counter(num_samples=0, num_calls=0)
    waiting, place = iter(episodes), 0
    following = next(waiting, None)
    with ExitStack() as stack:
        problems = stack.enter_context(TRAIN_SET.writer(folder)) if sampler.makes_problems else None
        verdicts = stack.enter_context(VERDICTS.writer(folder)) if sampler.judges else None
        while following is not None:
            with TableWriter(folder / SAMPLES.file(place), Sample) as samples:
                for episode in chain([following], islice(waiting, EPISODES_PER_FILE - 1)):
                    check_depth_first(episode.nodes)
                    numbers.update(sampler.numbers(episode))
                    _add_all(samples, episode.nodes)
                    _add_all(problems, episode.problems)
                    _add_all(verdicts, episode.verdicts)
                    numbers["num_samples"] += len(episode.nodes)
                    numbers["num_calls"] += sum(len(node.inserted) for node in episode.nodes)
            place, following = place + 1, next(waiting, None)
    return numbers


def _add_all(table: TableWriter | None, rows: Iterable[Any]) -> None:
    if table is not None:
        for row in rows:
            table.add(row)


def copy_held_out(ledger: Ledger, problems: StepRef, folder: Path) -> None:
    """The held-out sets, and the examples that are shown, beside a round's own problems: for later stages the step
    stands for the recipe's."""
    for table in (*HELD_OUT.values(), *([FEW_SHOT_SET] if FEW_SHOT_SET.is_in(problems) else [])):
        shutil.copy(ledger.fetch(problems, table.name), folder / table.name)
