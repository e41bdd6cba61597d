"""The benchmarks of a recipe, looked at before any model is loaded: whether there are such tasks, and their data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from configs.schema.benchmarks import Benchmarks
from configs.schema.recipe import Recipe
from infra.engines.harness.run import FoundTask, look_at_tasks
from tasks.benchmark.run import wanted_of
from tasks.plan.named import stays_of


@dataclass(frozen=True)
class FoundBenchmarks:
    """What the names of a section stand for."""

    config: Benchmarks
    tasks: tuple[FoundTask, ...]

    @property
    def num_items(self) -> int:
        return sum(task.num_items or 0 for task in self.tasks)

    def lines(self) -> Iterator[str]:
        """A line for each name of the recipe."""
        for name in dict.fromkeys(task.asked_as for task in self.tasks):
            own = [task for task in self.tasks if task.asked_as == name]
            tasks = f" in {len(own)} tasks" if len(own) > 1 else ""
            yield f"benchmark {name}: {sum(task.num_items or 0 for task in own):,} items{tasks}"


def look_at_benchmarks(recipe: Recipe, base_dir: Path, *, with_data: bool) -> list[FoundBenchmarks]:
    """The benchmarks of each phase that has other ones than those before; none where the recipe has none.

    Args:
        with_data: fetch and count items too.

    Raises:
        EngineError: there is no such task, its data cannot be had, or the library is not installed.
    """
    configs: list[Benchmarks] = []
    for stay in stays_of(recipe):
        if (config := stay.evaluate.benchmarks) is not None and config not in configs:
            configs.append(config)
    return [FoundBenchmarks(config, tuple(_look(config, base_dir, with_data))) for config in configs]


def _look(config: Benchmarks, base_dir: Path, with_data: bool) -> list[FoundTask]:
    with tempfile.TemporaryDirectory(prefix="selfloop-benchmarks-") as folder:
        return look_at_tasks(wanted_of(config), base_dir, Path(folder), with_data=with_data) if config.tasks else []
