"""What the generate stage writes of its episodes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from tasks.core.files import FEW_SHOT_SET, HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.ledger import Ledger
from tasks.core.paths import check_depth_first
from tasks.core.records import Sample
from tasks.core.refs import StepRef
from tasks.core.tables import write_records
from tasks.sample.episode import E, Sampler

EPISODES_PER_FILE = 1024


def write_episodes(folder: Path, episodes: Iterable[E], sampler: Sampler[E]) -> Counter[str]:
    """Write what a sampler's episodes end with; returns their numbers with `num_samples` and `num_calls`.

    Nodes are `shard-00000.parquet`, ...; the verdicts of judges that were asked on the way are `verdicts.parquet`, and
    the problems that a sampler makes `train.parquet`. The nodes of one file are in memory.

    Raises:
        UserError: a sampler gives nodes that are not in order, depth first.
    """
    numbers: Counter[str] = Counter(num_samples=0, num_calls=0)
    waiting, place = iter(episodes), 0
    with ExitStack() as stack:
        problems = stack.enter_context(TRAIN_SET.writer(folder)) if sampler.makes_problems else None
        verdicts = stack.enter_context(VERDICTS.writer(folder)) if sampler.judges else None
        while part := list(islice(waiting, EPISODES_PER_FILE)):
            nodes = (node for episode in part for node in episode.nodes)
            numbers["num_samples"] += write_records(folder / SAMPLES.file(place), Sample, nodes)
            numbers["num_calls"] += sum(len(node.inserted) for episode in part for node in episode.nodes)
            place += 1
            for episode in part:
                check_depth_first(episode.nodes)
                numbers.update(sampler.numbers(episode))
                for table, rows in ((problems, episode.problems), (verdicts, episode.verdicts)):
                    if table is not None:
                        for row in rows:
                            table.add(row)
    return numbers


def copy_held_out(ledger: Ledger, problems: StepRef, folder: Path) -> None:
    """The held-out sets, and the examples that are shown, beside a round's own problems: for later stages the step
    stands for the recipe's."""
    for table in (*HELD_OUT.values(), *([FEW_SHOT_SET] if FEW_SHOT_SET.is_in(problems) else [])):
        shutil.copy(ledger.fetch(problems, table.name), folder / table.name)
