"""The calibrate stage: the round's temperature and threshold."""

from __future__ import annotations

from tasks.calibrate.balance import Point
from tasks.core.files import SAMPLES, TRAIN_SET, VERDICTS, Table
from tasks.core.stage import Numbers, Stage, without
from tasks.sample.shots import shots_told

CURVE = Table("curve.parquet", Point)
CURVE_FIGURE = "curve.svg"


class CalibrateNumbers(Numbers):
    """The setting that was picked."""

    temperature: float
    threshold: float


CALIBRATE = Stage(
    "calibrate",
    version=3,
    config=lambda recipe, _: {
        "calibrate": recipe.calibrate,
        "generate": without(recipe.generate.sampling(), "temperature"),
        "num_problems": recipe.generate.num_problems,
        "ladder": recipe.generate.ladder,
        "engine": recipe.engine,
        **shots_told(recipe),
    },
    reads=(TRAIN_SET,),
    gives=(SAMPLES, VERDICTS, CURVE),
    when=lambda recipe, _: recipe.calibrate is not None,
    loads="generator",
    numbers=CalibrateNumbers,
)
