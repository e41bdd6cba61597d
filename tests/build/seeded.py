"""A workbench with a real store and a real tiny model, for the slow tests of calibrate and guide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.learn.base_task import prepare_base_model
from tasks.learn.warm_start_task import warm_start
from tasks.sample.problems.task import prepare_problems
from tests.build.benches import open_bench


@dataclass
class Seeded:
    """A round's start: the workbench, its problems, and a model that can add one-digit numbers, more or less."""

    bench: Workbench
    problems: StepRef
    seed: ModelRef
    cast: Cast


@contextmanager
def seeded(folder: Path, **sections: Any) -> Iterator[Seeded]:
    """Make the micro model, or find it in the folder's store; `sections` replace the micro recipe's."""
    with open_bench(folder, **sections) as bench:
        problems = prepare_problems(bench, 0)
        base = prepare_base_model(bench, 0)
        seed = warm_start(bench, 0, base, problems)
        yield Seeded(bench, problems, seed, Cast(base=base, seed=seed, previous=base, round_start=seed, live=seed))
