"""Who draws the waves of a segment: the learner, or an engine beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.schema.engine import Engine
from configs.schema.online.sampler import Sampler, devices_beside
from configs.schema.train import Lora, Train
from infra.engines.learn.beside import Beside, LivePool
from infra.engines.learn.learner import Learner
from infra.engines.models.loadable import ModelSource
from infra.engines.server_engine import LiveEngine, ServerEngine
from tasks.core.pools import Pools


@contextmanager
def drawing_pool(
    sampler: Sampler, engine: Engine, learner: Learner, start: ModelSource, train: Train, work: Path, pools: Pools
) -> Iterator[LivePool]:
    """What draws, until the end of the segment.

    Args:
        engine, train: the recipe's.
        start: the model that the segment starts from.
        work: logs, and the weights of the wave at hand.
        pools: where loads are counted.
    """
    if sampler.where == "learner":
        yield learner
        return
    rank = train.tune.rank if isinstance(train.tune, Lora) else 0
    with Beside(learner, engine_beside(sampler, engine, train.devices), start.files(), rank, work) as beside:
        try:
            yield beside
        finally:
            pools.count(beside)


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
