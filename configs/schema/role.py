"""Models that play a role beside the policy: judges, reward models, verifiers, teachers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from configs.schema.base import Component
from configs.schema.engine import RoleEngine
from configs.schema.marks import Execution
from configs.schema.model import PretrainedModel


class Role(Component):
    """One model and the engine that runs it. An `endpoint` engine needs no model; `reward` runs reward models."""

    model: PretrainedModel | None = None
    engine: RoleEngine | None = None
    stays_open: Annotated[bool, Execution] = Field(
        False, description="keep it loaded beside the policy and the trainer, where the device has room for both"
    )
