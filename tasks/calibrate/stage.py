"""The calibrate stage: the round's temperature and threshold."""

from __future__ import annotations

from tasks.calibrate.balance import Point
from tasks.core.files import SAMPLES, TRAIN_SET, VERDICTS, Table
from tasks.core.stage import Numbers, Stage, without

CURVE = Table("curve.parquet", Point)
CURVE_FIGURE = "curve.svg"


class CalibrateNumbers(Numbers):
    """The setting that was picked."""

    temperature: float
    threshold: float


CALIBRATE = Stage(
    "calibrate",
    version=1,
    config=lambda recipe, _: {
        "calibrate": recipe.calibrate,
        "generate": without(recipe.generate.sampling(), "temperature"),
        "shard_size": recipe.generate.shard_size,
        "engine": recipe.engine,
    },
    reads=(TRAIN_SET,),
    gives=(SAMPLES, VERDICTS, CURVE),
    when=lambda recipe, _: recipe.calibrate is not None,
    loads="generator",
    numbers=CalibrateNumbers,
)
