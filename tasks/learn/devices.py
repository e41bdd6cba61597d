"""The devices that a recipe names, looked for before anything runs: a night's draws are not lost to a wrong number.

Those of this machine are looked for here; those of a cluster are told, as places that it has to have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from configs.schema.engine import LoadingEngine, gpu_numbers
from configs.schema.online.sampler import devices_beside
from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from configs.schema.train import Train, WarmStart
from infra.cluster.shape import (
    Need,
    Nodes,
    Shape,
    places_taken,
    shape_beside,
    shape_of,
    shape_of_errand,
)
from infra.engines.gpu_list import find_named
from infra.engines.learn.work import wanted_by_segment
from infra.engines.train.devices import choose_devices, wanted_devices

ON_ONE_NODE = "full weights are trained on one node: write fewer, or tune: {kind: lora}, or add a larger node"
SEGMENT_ON_ONE_NODE = "a segment is trained on one node: write fewer, or add a larger node"
AT_ONCE = (
    "a learner, sessions that draw beside it and models that judge its waves need places at the same time: write fewer "
    "devices, online.sampler: {where: learner}, or add nodes"
)


def check_devices(recipe: Recipe) -> None:
    """See that devices of engines and trainings are there, in every phase.

    Raises:
        EngineError: one is not; names the field, the device and what is there.
    """
    for part in _parts(recipe):
        for training in _trainings(part):
            if not training.is_elsewhere:
                choose_devices(training.optimizer, training.field)
        for field, engine in _engines(part):
            named = [f"cuda:{number}" for device in engine.devices for number in gpu_numbers(device)]
            if named:
                find_named(named, field)


def cluster_needs(recipe: Recipe) -> list[Need]:
    """The places on other machines that the phases of a recipe ask for; none where all runs on this one."""
    needs = []
    for part in _parts(recipe):
        for field, engine in _engines(part):
            if engine.hosts == "ray":
                needs.append(Need(field, partial(shape_of, engine)))
        for training in _trainings(part):
            if training.is_elsewhere:
                needs.append(_need(training, part))
        if part.online is not None and part.engine.hosts == "ray":
            drawing = list(_drawing_beside(part))
            needs += [Need("online.sampler", partial(_together, part, drawing), AT_ONCE)] if drawing else []
            judging = {field: engine for field, engine in _judging_beside(part) if engine.hosts == "ray"}
            needs += [
                Need(field, partial(_together, part, [*drawing, engine]), AT_ONCE) for field, engine in judging.items()
            ]
    return needs


def _together(recipe: Recipe, engines: Sequence[LoadingEngine], found: Nodes) -> Shape:
    """Places of the last of some engines, and as many more as the devices of a learner and of the others are."""
    held = [shape_of_errand(partial(wanted_by_segment, recipe.train, recipe.engine.devices), found)]
    for engine in engines:
        held.append(shape_beside(shape_of(engine, found), engine, held))
    last = held.pop()
    return replace(last, num_places=last.num_places + places_taken(last, held))


def _drawing_beside(recipe: Recipe) -> Iterator[LoadingEngine]:
    """What draws in sessions of its own, while a segment trains."""
    if recipe.online is not None and recipe.online.sampler.where == "session":
        devices = devices_beside(recipe.engine.devices, recipe.train.devices)
        yield recipe.engine.model_copy(update={"devices": devices})


def _judging_beside(recipe: Recipe) -> Iterator[tuple[str, LoadingEngine]]:
    """What models that judge the waves of a segment run in, but for the learner itself; one after the other."""
    for asked in (asked for judge in recipe.judge for asked in judge.passes):
        if asked.role != POLICY and (engine := recipe.roles[asked.role].engine) is not None:
            if isinstance(engine, LoadingEngine):
                yield f"roles.{asked.role}.engine.devices", engine
        elif (asked.role, asked.state) != (POLICY, "live"):
            yield "engine.devices", recipe.engine


def _need(training: _Training, recipe: Recipe) -> Need:
    if training.is_segment:
        asked = partial(wanted_by_segment, training.optimizer, recipe.engine.devices)
        return Need(training.field, partial(shape_of_errand, asked), SEGMENT_ON_ONE_NODE)
    is_whole = training.optimizer.tune.can_be_shared
    wanted = partial(wanted_devices, training.optimizer, is_one=training.is_one, is_whole=is_whole)
    return Need(training.field, partial(shape_of_errand, wanted), ON_ONE_NODE if is_whole else None)


@dataclass(frozen=True)
class _Training:
    """Attributes:
    is_one: `auto` is one GPU.
    is_elsewhere: it is done on a node of the cluster.
    is_segment: it is online training.
    """

    field: str
    optimizer: Train | WarmStart
    is_elsewhere: bool
    is_one: bool = False
    is_segment: bool = False


def _trainings(recipe: Recipe) -> Iterator[_Training]:
    """They are where the engine is."""
    on_cluster = recipe.engine.hosts == "ray"
    is_one, is_segment = recipe.train.objective.sorts_batch, recipe.online is not None
    yield _Training("train.devices", recipe.train, on_cluster, is_one, is_segment)
    if recipe.warm_start is not None:
        yield _Training("warm_start.devices", recipe.warm_start, on_cluster)
    for name, role in recipe.roles.items():
        if role.train is not None:
            yield _Training(f"roles.{name}.train.devices", role.train, on_cluster, role.train.objective.sorts_batch)
        if role.warm_start is not None:
            yield _Training(f"roles.{name}.warm_start.devices", role.warm_start, on_cluster)


def _parts(recipe: Recipe) -> list[Recipe]:
    return [recipe, *(recipe.of_phase(index) for index in range(len(recipe.phases)))]


def _engines(recipe: Recipe) -> Iterator[tuple[str, LoadingEngine]]:
    engines = {"engine": recipe.engine, **{f"roles.{name}.engine": role.engine for name, role in recipe.roles.items()}}
    for name, engine in engines.items():
        if isinstance(engine, LoadingEngine):
            yield f"{name}.devices", engine
