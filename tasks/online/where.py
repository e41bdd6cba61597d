"""Who draws the waves of a segment: the learner, or an engine beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from configs.schema.engine import Engine
from configs.schema.online.sampler import Sampler, devices_beside
from configs.schema.train import Lora
from infra.engines.errand import Errand
from infra.engines.learn.beside import Beside, LivePool, pool_beside
from infra.engines.learn.learner import Learner
from infra.engines.learn.work import LearnWork
from infra.engines.live_weights import Follows
from infra.engines.local_pool import LocalPool
from infra.engines.server_engine import LiveEngine, ServerEngine
from infra.engines.train.work import MODEL
from tasks.core.bench import Workbench


@contextmanager
def drawing_pool(bench: Workbench, segment: Errand[LearnWork], learner: Learner, work: Path) -> Iterator[LivePool]:
    """What draws, until the end of the segment.

    Args:
        work: logs, and the weights of the wave at hand.
    """
    recipe = bench.recipe
    assert recipe.online is not None, "it has a segment"
    if recipe.online.sampler.where == "learner":
        yield learner
        return
    engine = engine_beside(recipe.online.sampler, recipe.engine, recipe.train.devices)
    with Beside(learner, _sessions(bench, segment, engine, work), work) as beside:
        try:
            yield beside
        finally:
            bench.pools.count(beside)


def _sessions(bench: Workbench, segment: Errand[LearnWork], engine: LiveEngine, work: Path) -> LocalPool:
    """Where the engine is. A server reads the files of the flow's machine, and is asked from there."""
    tune, start = bench.recipe.train.tune, segment.models[MODEL]
    rank = tune.rank if isinstance(tune, Lora) else 0
    if isinstance(engine, ServerEngine) or engine.hosts == "local":
        return pool_beside(engine, start.files(), rank, work)
    model = replace(start.parcel(), adapter=(), probe=()) if rank else start.parcel()
    return bench.cluster.join().open_beside(engine, model, work, Follows(rank), segment.name)


def engine_beside(sampler: Sampler, engine: Engine, of_training: tuple[str, ...]) -> LiveEngine:
    """What draws beside the learner: on the devices that it leaves, on its own where there is one alone.

    Args:
        of_training: `train.devices`.
    """
    if sampler.where == "server":
        assert sampler.url is not None, "the recipe was checked for it"
        return ServerEngine(
            url=sampler.url, dtype=engine.dtype, max_model_length=engine.max_model_length, devices=("cpu",),
            silence_seconds=engine.silence_seconds, load_seconds=engine.load_seconds,
        )  # fmt: skip
    return engine.model_copy(update={"devices": devices_beside(engine.devices, of_training)})
