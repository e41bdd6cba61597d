"""The devices that a recipe names, looked for before anything runs: a night's draws are not lost to a wrong number."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.engine import LoadingEngine, gpu_numbers
from configs.schema.recipe import Recipe
from configs.schema.train import Optimizer
from infra.engines.gpu_list import find_named
from infra.engines.train.devices import choose_devices


def check_devices(recipe: Recipe) -> None:
    """See that devices of engines and trainings are there, in every phase.

    Raises:
        EngineError: one is not; names the field, the device and what is there.
    """
    for part in [recipe, *(recipe.of_phase(index) for index in range(len(recipe.phases)))]:
        for field, training in _trainings(part):
            choose_devices(training, field)
        for field, engine in _engines(part):
            named = [f"cuda:{number}" for device in engine.devices for number in gpu_numbers(device)]
            if named:
                find_named(named, field)


def _trainings(recipe: Recipe) -> Iterator[tuple[str, Optimizer]]:
    yield "train.devices", recipe.train
    if recipe.warm_start is not None:
        yield "warm_start.devices", recipe.warm_start
    for name, role in recipe.roles.items():
        for section, training in (("train", role.train), ("warm_start", role.warm_start)):
            if training is not None:
                yield f"roles.{name}.{section}.devices", training


def _engines(recipe: Recipe) -> Iterator[tuple[str, LoadingEngine]]:
    engines = {"engine": recipe.engine, **{f"roles.{name}.engine": role.engine for name, role in recipe.roles.items()}}
    for name, engine in engines.items():
        if isinstance(engine, LoadingEngine):
            yield f"{name}.devices", engine
