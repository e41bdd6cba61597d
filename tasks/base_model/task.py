"""Prefect task of the base model."""

from __future__ import annotations

from tasks.base_model.run import base_model
from tasks.refs import ModelRef
from tasks.stage_task import stage_task
from tasks.workbench import current


@stage_task("base")
def prepare_base_model(round: int) -> ModelRef:
    """The model everything starts from; see `tasks/base_model/run.py`."""
    return base_model(current())
