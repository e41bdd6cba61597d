"""The recipe: the whole declaration of an experiment.

Read this file to see every section a recipe can have, in the order in which a round uses them. Rules between sections
stand in `recipe_rules.py`.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component
from configs.schema.engine import Engine, TransformersEngine
from configs.schema.evaluate import Decide, Evaluate, Rounds
from configs.schema.generate import Balance, Generate, Guide, IndependentGenerate, SelfInstruct
from configs.schema.guard import DEFAULT_GUARDS, Guard
from configs.schema.judge import AnswerJudge, Judge, MetaJudge
from configs.schema.marks import Execution
from configs.schema.model import Model
from configs.schema.pair import Pair, RightVsWrong
from configs.schema.problems import Problems, Source
from configs.schema.recipe_rules import check_recipe_rules
from configs.schema.role import Role
from configs.schema.rows import DEFAULT_ROWS, RowKind
from configs.schema.select import Cap, Correct, DropTruncated, Judged, Select, Weigh
from configs.schema.train import Lora, Optimizer, Train, Tune
from configs.schema.verifier import Verifier


class WarmStart(Optimizer):
    """SFT of the base model on worked examples; the result is kept as the `seed` model."""

    source: Source
    tune: Tune = Lora()


class VerifierTraining(Component):
    """A verifier trained each round on right and wrong samples (V-STaR, arXiv 2402.06457). It plays the role
    `verifier`, which evaluate.best_of may name."""

    select: tuple[Select, ...] = Field((Judged(),), min_length=1)
    pair: Pair = RightVsWrong()
    train: Train


class Services(Component):
    """Addresses of services. They say where an experiment runs, never what it computes."""

    store: str | None = Field(None, description="folder or s3://bucket/prefix; environment: SELFLOOP_STORE")
    tracking: str | None = Field(None, description="MLflow URI; environment: MLFLOW_TRACKING_URI")
    prefect: str | None = Field(None, description="Prefect API URL; environment: PREFECT_API_URL")


class Recipe(Component):
    """One experiment, from base model to stop rule."""

    name: Annotated[str, Execution] = Field(description="the experiment's name in the store")
    seed: int = 0
    model: Model
    engine: Engine = TransformersEngine()
    roles: dict[str, Role] = Field({}, description="models beside the policy, by name")
    problems: Problems
    warm_start: WarmStart | None = None
    invent: SelfInstruct | None = None
    calibrate: Balance | None = None
    generate: Generate = IndependentGenerate()
    judge: tuple[Judge, ...] = Field((AnswerJudge(),), min_length=1)
    guide: Guide | None = None
    meta: MetaJudge | None = None
    select: tuple[Select, ...] = Field((Correct(), DropTruncated(), Cap()), min_length=1)
    weigh: Weigh | None = None
    rows: tuple[RowKind, ...] = Field(DEFAULT_ROWS, min_length=1, description="a kept sample is written once by each")
    pair: Pair | None = None
    train: Train = Train()
    verifier: VerifierTraining | None = None
    evaluate: Evaluate = Evaluate()
    guards: tuple[Guard, ...] = DEFAULT_GUARDS
    decide: Decide = Decide()
    rounds: Rounds = Rounds()
    services: Annotated[Services, Execution] = Services()

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
            raise ValueError(f"'{name}' cannot name a folder: write up to 63 of a-z 0-9 . _ - such as my-experiment")
        return name

    @model_validator(mode="after")
    def _sections_agree(self) -> Recipe:
        check_recipe_rules(self)
        return self

    def answer_judge(self) -> Judge | None:
        """The first judge that compares with gold, if there is one."""
        return next((judge for judge in self.judge if judge.reads_gold), None)

    def verifier_for_gold(self) -> Verifier:
        """What compares answers with gold in evaluation: evaluate.verifier, or the first answer judge's."""
        judge = self.answer_judge()
        found = self.evaluate.verifier or (judge.rule if judge else None)
        assert found is not None, "the recipe was checked for one"
        return found
