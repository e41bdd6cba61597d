"""Prefect task of the base model."""

from __future__ import annotations

from configs.schema.role import POLICY
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef
from tasks.core.roles import role_model
from tasks.core.stage_task import stage_task
from tasks.learn.base import base_model
from tasks.learn.stages import BASE
from tasks.learn.targets import check_targets


@stage_task(BASE)
def prepare_base_model(bench: Workbench, round: int, *, learner: str = POLICY) -> ModelRef:
    """The model that everything starts from, or one role; see `tasks/learn/base.py`."""
    model = base_model(bench) if learner == POLICY else role_model(bench, learner)
    if not bench.is_planning:
        check_targets(bench, model, learner)
    return model
