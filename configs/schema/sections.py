"""The sections of a recipe.

Read this file to see every section a recipe can have, in the order in which a round uses them. `recipe.py` makes a
recipe of them, by the rules of `recipe_rules.py`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from configs.schema.around_generate import Balance, Guide, SelfInstruct
from configs.schema.base import Component
from configs.schema.benchmarks import SET_PREFIX, BenchmarkSet
from configs.schema.drawing import WholeTexts
from configs.schema.engine import Engine, TransformersEngine
from configs.schema.evaluate import Decide, Evaluate, Rounds
from configs.schema.generate import Generate, IndependentGenerate
from configs.schema.guard import DEFAULT_GUARDS, Guard, read_guards, with_online_guards
from configs.schema.interpreter import Interpreter
from configs.schema.judges.base import is_self_made
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import MetaJudge
from configs.schema.marks import Execution
from configs.schema.model import Model
from configs.schema.online.section import Online
from configs.schema.pair import PairSection
from configs.schema.phase import Phase, Stay, stay_at
from configs.schema.problems import Problems
from configs.schema.role import POLICY, Role, RoleName
from configs.schema.rows import DEFAULT_ROWS, RowKind
from configs.schema.select import DEFAULT_SELECT, Select, Weigh
from configs.schema.train import Train, WarmStart
from configs.schema.verifiers.kinds import Verifier


class Services(Component):
    """Addresses of services. They say where an experiment runs, never what it computes."""

    store: str | None = Field(None, description="folder or s3://bucket/prefix; environment: SELFLOOP_STORE")
    tracking: str | None = Field(None, description="MLflow URI; environment: MLFLOW_TRACKING_URI")
    prefect: str | None = Field(None, description="Prefect API URL; environment: PREFECT_API_URL")
    cluster: str | None = Field(
        None, description="Ray cluster of engine.hosts: auto, HOST:6379, ray://HOST:10001; environment: RAY_ADDRESS"
    )
    share: bool = Field(
        True, description="steps and draws that another experiment of the store has are copied, not computed again"
    )


class Sections(Component):
    """The sections of a recipe, each sound by itself, and what is asked of them."""

    name: Annotated[str, Execution] = Field(description="the experiment's name in the store")
    seed: int = Field(0, description="of every random choice")
    model: Model = Field(description="the model that improves")
    engine: Engine = Field(TransformersEngine(), description="the program that generates and scores")
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
        DEFAULT_SELECT,
        min_length=1,
        description="filters over judged samples, in this order: what is kept is trained on",
    )
    weigh: Weigh | None = Field(None, description="weights of the kept samples in training")
    rows: tuple[RowKind, ...] = Field(DEFAULT_ROWS, min_length=1, description="a kept sample is written once by each")
    pair: PairSection | None = Field(None, description="what is preferred to what; preference objectives need it")
    train: Train = Field(Train(), description="how the next model is made from what was kept")
    online: Online | None = Field(
        None, description="a round is a segment of an RL run: it takes the place of generate, guide and select to pair"
    )
    roles: dict[RoleName, Role] = Field({}, description="models beside the policy, by name")
    evaluate: Evaluate = Field(Evaluate(), description="how models are measured on select and report")
    guards: Annotated[tuple[Guard, ...], BeforeValidator(read_guards)] = Field(
        DEFAULT_GUARDS,
        description="limits on metrics, and what follows when one is passed; warn: the default limits, none acts. An "
        "online recipe has further ones (docs/online.md)",
    )
    decide: Decide = Field(Decide(), description="whether a candidate takes over, and when to stop")
    phases: tuple[Phase, ...] = Field((), description="rounds with settings of their own, one phase after the other")
    rounds: Rounds = Field(Rounds(), description="how many rounds")
    services: Annotated[Services, Execution] = Field(Services(), description="addresses of store, MLflow and Prefect")

    @model_validator(mode="before")
    @classmethod
    def _segments_have_limits(cls, tree: Any) -> Any:
        """Where no guards are written."""
        return with_online_guards(tree)

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
            raise ValueError(f"'{name}' cannot name a folder: write up to 63 of a-z 0-9 . _ - such as my-experiment")
        return name

    def answer_judge(self) -> Judge | None:
        """The first judge that compares with gold, if there is one."""
        return next((judge for judge in self.judge if judge.reads_gold), None)

    @property
    def guards_of_round(self) -> tuple[Guard, ...]:
        """Those that can speak; of a recipe with phases, ask that of the round."""
        return tuple(guard for guard in self.guards if self.is_self_rewarded or not guard.only_self_made)

    @property
    def is_self_rewarded(self) -> bool:
        """Whether a segment's rewards come from what the policy itself says or votes for."""
        if self.online is None:
            return False
        judges, learning = {judge.name: judge for judge in self.judge}, (POLICY, *self.chains())
        read = {term.judge for term in self.online.reward} | ({""} if self.online.derived else set())
        named = [judges[name] if name else self.judge[0] for name in read - {None} if not name or name in judges]
        return any(is_self_made(judge, judges, learning) for judge in named)

    @property
    def interpreter(self) -> Interpreter | None:
        """What runs blocks of code that the policy writes; None where nothing does."""
        return self.generate.interpreter if isinstance(self.generate, WholeTexts) else None

    def verifier_for_gold(self) -> Verifier:
        """What compares answers with gold in evaluation: evaluate.verifier, or the first answer judge's."""
        judge = self.answer_judge()
        found = self.evaluate.verifier or (judge.rule if judge else None)
        assert found is not None, "the recipe was checked for one"
        return found

    @property
    def episode(self) -> Generate:
        """How the policy draws in a round: online.episode, or generate."""
        return self.generate if self.online is None else self.online.episode

    def chains(self) -> tuple[str, ...]:
        """Roles with states of their own, in the recipe's order: those that learn, are warm-started, or are like the
        policy."""
        return tuple(name for name, role in self.roles.items() if role.is_chain)

    def learners(self) -> tuple[str, ...]:
        """Who is trained in a round, in order: the policy, and the roles with a `train` section."""
        return (POLICY, *(name for name, role in self.roles.items() if role.train is not None))

    def for_learner(self, name: str) -> Self:
        """This recipe with the sections that one model is made and trained by in the places of the policy's.

        What selects, trains or warm-starts a model reads these places alone, so that every model takes one path.
        """
        if name == POLICY:
            return self
        role = self.roles[name]
        changes: dict[str, Any] = {"weigh": None, "meta": None, "warm_start": role.warm_start}
        if role.like == POLICY:
            changes["warm_start"] = role.warm_start or self.warm_start
        else:
            changes["model"] = role.model
        if role.train is not None:
            own = role.train
            changes |= {"select": own.filters(), "rows": own.rows, "weigh": own.weigh, "pair": own.pair}
            changes["train"] = own.plain()
        return self.model_copy(update=changes)

    def stay_at(self, round: int) -> Stay | None:
        """The phase that a round lies in; None without phases, and for the baseline."""
        return stay_at(self.phases, round)

    def warm_starts(self) -> dict[str, WarmStart]:
        """Every warm start, by the name of the set that it reads: warm_start, and warm_start_NAME for a role's own."""
        own = {f"warm_start_{name}": role.warm_start for name, role in self.roles.items() if role.warm_start}
        return {**({"warm_start": self.warm_start} if self.warm_start else {}), **own}

    def benchmark_sets(self) -> dict[str, BenchmarkSet]:
        """Problem sets that models are asked beside the held-out ones, by the name of the set: benchmark_NAME."""
        asked = self.evaluate.benchmarks
        return {f"{SET_PREFIX}{name}": one for name, one in asked.sets.items()} if asked else {}

    def warm_start_set(self, learner: str) -> str:
        """Name of the set that a model's warm start reads."""
        has_own = learner != POLICY and self.roles[learner].warm_start is not None
        return f"warm_start_{learner}" if has_own else "warm_start"
