"""The recipe: the whole declaration of an experiment.

Read this file to see every section a recipe can have. Cross-field rules live here; each error names the
field and says what to write instead.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component
from configs.schema.engine import Engine, TransformersEngine
from configs.schema.evaluate import Decide, Evaluate, Rounds
from configs.schema.generate import Generate, IndependentGenerate
from configs.schema.judge import AnswerJudge, Judge
from configs.schema.model import Model
from configs.schema.problems import Problems, Source
from configs.schema.select import Cap, Correct, DropTruncated, Select
from configs.schema.train import Lora, Optimizer, Train, Tune


class WarmStart(Optimizer):
    """SFT of the base model on worked examples; the result is kept as the `seed` model."""

    source: Source
    tune: Tune = Lora()


class Services(Component):
    """Addresses of services. They say where an experiment runs, never what it computes."""

    store: str | None = Field(None, description="folder or s3://bucket/prefix; environment: SELFLOOP_STORE")
    tracking: str | None = Field(None, description="MLflow URI; environment: MLFLOW_TRACKING_URI")
    prefect: str | None = Field(None, description="Prefect API URL; environment: PREFECT_API_URL")


class Recipe(Component):
    """One experiment, from base model to stop rule."""

    name: str = Field(description="the experiment's name in the store")
    seed: int = 0
    model: Model
    engine: Engine = TransformersEngine()
    problems: Problems
    warm_start: WarmStart | None = None
    generate: Generate = IndependentGenerate()
    judge: tuple[Judge, ...] = Field((AnswerJudge(),), min_length=1)
    select: tuple[Select, ...] = Field((Correct(), DropTruncated(), Cap()), min_length=1)
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    decide: Decide = Decide()
    rounds: Rounds = Rounds()
    services: Services = Services()

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
            raise ValueError(f"'{name}' cannot name a folder: write up to 63 of a-z 0-9 . _ - such as my-experiment")
        return name

    @model_validator(mode="after")
    def _judges_have_their_own_names(self) -> Recipe:
        names = [judge.name for judge in self.judge]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"judge: two judges are called '{name}': give each its own name")
        for index, component in enumerate(self.select):
            wanted = getattr(component, "judge", None)
            if wanted is not None and wanted not in names:
                raise ValueError(
                    f"select.{index}.judge: no judge is called '{wanted}': write one of {', '.join(names)}"
                )
        return self

    @model_validator(mode="after")
    def _start_model_exists(self) -> Recipe:
        if self.train.start_from == "seed" and self.warm_start is None:
            raise ValueError(
                "train.start_from: 'seed' is the model of the warm start, and there is none: "
                "add a warm_start section or write start_from: base"
            )
        return self

    @model_validator(mode="after")
    def _tuning_can_continue(self) -> Recipe:
        if self.warm_start is None or self.train.start_from == "base" or not isinstance(self.warm_start.tune, Lora):
            return self
        if self.train.tune != self.warm_start.tune:
            raise ValueError(
                f"train.tune: the warm start makes an adapter, and start_from: {self.train.start_from} continues it, "
                "which needs the adapter's own settings: copy warm_start.tune, or write start_from: base"
            )
        return self

    @model_validator(mode="after")
    def _text_fits(self) -> Recipe:
        context = getattr(self.model, "max_length", None) or self.engine.max_model_length
        if context is not None and self.generate.max_tokens >= context:
            raise ValueError(
                f"generate.max_tokens: {self.generate.max_tokens} leaves no room for a prompt in a context of "
                f"{context} tokens: write a value below {context}"
            )
        return self

    def answer_judge(self) -> AnswerJudge:
        """The first judge by rule; evaluation uses its verifier unless the recipe names another."""
        return next(judge for judge in self.judge if judge.kind == "answer")

    def identity(self) -> dict[str, Any]:
        """What the recipe computes, without where it runs."""
        return self.model_dump(mode="json", exclude={"services"})
