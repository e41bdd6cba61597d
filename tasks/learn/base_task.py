"""Prefect task of the base model."""

from __future__ import annotations

from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef
from tasks.core.stage_task import stage_task
from tasks.learn.base import base_model


@stage_task("base")
def prepare_base_model(bench: Workbench, round: int) -> ModelRef:
    """The model everything starts from; see `tasks/learn/base.py`."""
    return base_model(bench)
