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

    source: Source = Field(description="problems with solutions: the worked examples")
    tune: Tune = Field(Lora(), description="which weights learn")


class VerifierTraining(Component):
    """A verifier trained each round on right and wrong samples (V-STaR, arXiv 2402.06457). It plays the role
    `verifier`, which evaluate.best_of may name."""

    select: tuple[Select, ...] = Field(
        (Judged(),), min_length=1, description="filters over the samples that pairs are made from"
    )
    pair: Pair = Field(RightVsWrong(), description="how right and wrong samples are paired")
    train: Train = Field(description="its training, with a start, a reference and data of its own")


class Services(Component):
    """Addresses of services. They say where an experiment runs, never what it computes."""

    store: str | None = Field(None, description="folder or s3://bucket/prefix; environment: SELFLOOP_STORE")
    tracking: str | None = Field(None, description="MLflow URI; environment: MLFLOW_TRACKING_URI")
    prefect: str | None = Field(None, description="Prefect API URL; environment: PREFECT_API_URL")


class Recipe(Component):
    """One experiment, from base model to stop rule."""

    name: Annotated[str, Execution] = Field(description="the experiment's name in the store")
    seed: int = Field(0, description="of every random choice")
    model: Model = Field(description="the model that improves")
    engine: Engine = Field(TransformersEngine(), description="the program that generates and scores")
    roles: dict[str, Role] = Field({}, description="models beside the policy, by name")
    problems: Problems = Field(
        description="train is sampled from; select decides on promotions; report is only measured"
    )
    warm_start: WarmStart | None = Field(None, description="training on worked examples before round 1")
    invent: SelfInstruct | None = Field(None, description="the model writes further problems for each round")
    calibrate: Balance | None = Field(
        None, description="a probe that sets temperature and threshold before each round samples"
    )
    generate: Generate = Field(IndependentGenerate(), description="how a round samples")
    judge: tuple[Judge, ...] = Field(
        (AnswerJudge(),),
        min_length=1,
        description="what says which samples are good; later judges may read those before them",
    )
    guide: Guide | None = Field(None, description="help on problems that the model solves too seldom")
    meta: MetaJudge | None = Field(
        None, description="the model compares its own judgements, and learns from the comparison"
    )
    select: tuple[Select, ...] = Field(
        (Correct(), DropTruncated(), Cap()),
        min_length=1,
        description="filters over judged samples, in this order: what is kept is trained on",
    )
    weigh: Weigh | None = Field(None, description="weights of the kept samples in training")
    rows: tuple[RowKind, ...] = Field(DEFAULT_ROWS, min_length=1, description="a kept sample is written once by each")
    pair: Pair | None = Field(None, description="what is preferred to what; preference objectives need it")
    train: Train = Field(Train(), description="how the next model is made from what was kept")
    verifier: VerifierTraining | None = Field(
        None, description="a second model, trained each round to tell right from wrong"
    )
    evaluate: Evaluate = Field(Evaluate(), description="how models are measured on select and report")
    guards: tuple[Guard, ...] = Field(
        DEFAULT_GUARDS, description="limits on metrics, and what follows when one is passed"
    )
    decide: Decide = Field(Decide(), description="whether a candidate takes over, and when to stop")
    rounds: Rounds = Field(Rounds(), description="how many rounds")
    services: Annotated[Services, Execution] = Field(Services(), description="addresses of store, MLflow and Prefect")

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
