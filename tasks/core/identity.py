"""What each step's key depends on: the whole of the identity rules on one page.

A stage is computed again when something listed here changes, and only then. Of a section listed here enters what its
fields say of themselves (`configs/schema/marks.py`): never where a step runs, and of what it names the content. Inputs
are named by the keys of the steps that made them. Pure; used by the tasks and by `plan`.

`resolve` says what a name outside of the recipe stands for: `bench.contents`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from configs.schema.judge import AnswerJudge
from configs.schema.marks import OUTSIDE, Content, Resolve, identity
from configs.schema.model import Model
from configs.schema.recipe import Recipe
from configs.schema.train import Train
from tasks.calibrate.balance import Point
from tasks.core.models import stage_kind
from tasks.core.records import Drop, Example, ItemResult, Judgement, Pair, Problem, Sample, Verdict
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec, derive_seed
from tasks.core.tables import version_of
from tasks.evaluate import statistics
from tasks.judge.kinds.registry import component_versions
from tasks.judge.verifiers.registry import verifier_versions
from tasks.monitor.difficulty import PassRate
from tasks.monitor.steps import RoundSteps
from tasks.sample.problems import arithmetic, builtin, mapping
from tasks.select import weigh
from tasks.select.defaults import in_round, versions_of, with_guide
from tasks.select.rows import formats as select_formats
from tasks.select.rows.kinds import row_versions

# Raised when a change to a stage's code changes what it computes.
VERSIONS = {
    "problems": 1, "base": 1, "warm_start": 1, "invent": 2, "calibrate": 2, "guide": 2, "generate": 2, "judge": 2,
    "meta": 2, "select": 1, "monitor": 1, "train": 1, "evaluate": 2, "decide": 1,
}  # fmt: skip

# The records that each stage writes: their versions enter its keys.
WRITES: dict[str, tuple[type, ...]] = {
    "problems": (Problem,), "invent": (Problem,), "calibrate": (Sample, Verdict, Point),
    "generate": (Sample, Problem, Verdict), "guide": (Sample, Verdict, Judgement), "judge": (Verdict, Judgement),
    "meta": (Pair, Judgement), "select": (Example, Pair, Drop), "monitor": (PassRate,), "evaluate": (ItemResult,),
}  # fmt: skip


def recipe_identity(recipe: Recipe, resolve: Resolve) -> Any:
    """What a recipe computes, whole. Names of its own models and steps stand for themselves.

    A learning-rate schedule that is planned over all rounds makes their number, elsewhere a `Horizon`, part of it. A
    phase is what its recipe computes, so that marks hold within `set` too.
    """
    trained = [recipe.for_learner(name).train for name in recipe.learners()]
    planned = recipe.rounds.max if any(train.carries_optimizer for train in trained) else None

    def resolve_outside(content: Content, value: Any, holder: BaseModel) -> Any:
        return resolve(content, value, holder) if content.names in OUTSIDE else value

    phases = [
        {"name": phase.name, "rounds": phase.rounds, **identity(recipe.of_phase(index), resolve_outside)}
        for index, phase in enumerate(recipe.phases)
    ]
    return {**identity(recipe, resolve_outside, "phases"), "phases": phases, "planned_rounds": planned}


def outside_contents(recipe: Recipe, resolve: Resolve) -> dict[str, str]:
    """Digests of all that a recipe names outside of itself, by kind and name. Kept with a stored recipe."""
    found: dict[str, str] = {}

    def remember(content: Content, value: Any, holder: BaseModel) -> Any:
        digest = resolve(content, value, holder)
        if digest is not None:
            found[_label(content, value, holder)] = digest
        return digest

    recipe_identity(recipe, remember)
    return found


def as_it_was(contents: Mapping[str, str]) -> Resolve:
    """Resolves names to what they named when `outside_contents` was asked."""
    return lambda content, value, holder: contents.get(_label(content, value, holder))


def _label(content: Content, value: Any, holder: BaseModel) -> str:
    revision = getattr(holder, "revision", None)
    return f"{content.names} {value}" + (f" at {revision}" if revision else "")


def problems_spec(recipe: Recipe, resolve: Resolve) -> StepSpec:
    warm_starts = {name: identity(section.source, resolve) for name, section in recipe.warm_starts().items()}
    config = {"problems": identity(recipe.problems, resolve), "warm_starts": warm_starts}
    versions = {"arithmetic": arithmetic.VERSION, "builtin": builtin.VERSION, "mapping": mapping.VERSION}
    return _spec(recipe, "problems", 0, config, {}, versions=versions)


def base_spec(recipe: Recipe, resolve: Resolve, model: Model) -> StepSpec:
    """A chat template lies on top of the weights: it enters the model's digest, not this key."""
    seed = derive_seed(recipe.seed, "base")
    return _spec(recipe, "base", 0, {"model": identity(model, resolve, "chat_template")}, {}, seed)


def warm_start_spec(
    recipe: Recipe, resolve: Resolve, base: ModelRef, problems: StepRef, stage: str = "warm_start"
) -> StepSpec:
    """`recipe`: as the model learns by it that is begun."""
    config = {"warm_start": identity(recipe.warm_start, resolve, "source")}
    return _spec(recipe, stage, 0, config, _inputs(base, problems=problems), derive_seed(recipe.seed, "seed"))


def generate_spec(
    recipe: Recipe, resolve: Resolve, round: int, model: ModelRef, problems: StepRef,
    calibration: StepRef | None = None, judging: Any = None,
) -> StepSpec:  # fmt: skip
    """`judging`: identity of the judge that a stepwise generator asks as it goes."""
    config = {
        "generate": identity(recipe.generate, resolve),
        "engine": identity(recipe.engine, resolve),
        "judging": judging,
    }
    steps = {"problems": problems, **({"calibration": calibration} if calibration else {})}
    return _spec(
        recipe, "generate", round, config, _inputs(model, **steps), derive_seed(recipe.seed, round, "generate")
    )


def invent_spec(
    recipe: Recipe, resolve: Resolve, round: int, model: ModelRef, problems: StepRef, earlier: Sequence[StepRef]
) -> StepSpec:
    config = {"invent": identity(recipe.invent, resolve), "engine": identity(recipe.engine, resolve)}
    inputs = {**_inputs(model, problems=problems), "earlier": [step.key for step in earlier]}
    return _spec(recipe, "invent", round, config, inputs, derive_seed(recipe.seed, round, "invent"))


def judge_spec(
    recipe: Recipe, resolve: Resolve, round: int, samples: StepRef, problems: StepRef, asked: Mapping[str, Any]
) -> StepSpec:
    """`asked`: by name of a judge that asks models, the models and engines."""
    config: dict[str, Any] = {"judge": identity(recipe.judge, resolve)}
    if asked:
        config["asked"] = dict(asked)
    seed = derive_seed(recipe.seed, round, "judge") if any(judge.draws_at_random for judge in recipe.judge) else None
    versions = component_versions(recipe.judge)
    return _spec(recipe, "judge", round, config, _inputs(samples=samples, problems=problems), seed, versions)


def meta_spec(
    recipe: Recipe, resolve: Resolve, round: int, verdicts: StepRef, samples: StepRef, problems: StepRef, asked: Any
) -> StepSpec:
    """`asked`: model and engine of the judge that compares its judgements, and how it writes its verdict."""
    config = {
        "meta": identity(recipe.meta, resolve, "rounds", "max_share"),
        "asked": asked,
    }
    inputs = _inputs(verdicts=verdicts, samples=samples, problems=problems)
    return _spec(recipe, "meta", round, config, inputs, derive_seed(recipe.seed, round, "meta"))


def calibrate_spec(
    recipe: Recipe, resolve: Resolve, round: int, model: ModelRef, problems: StepRef, judging: Any
) -> StepSpec:
    """`judging`: identity of the judges that the balance score reads."""
    config = {
        "calibrate": identity(recipe.calibrate, resolve),
        "generate": identity(recipe.generate.sampling(), resolve, "temperature"),
        "judging": judging,
        "engine": identity(recipe.engine, resolve),
    }
    seed = derive_seed(recipe.seed, round, "calibrate")
    return _spec(recipe, "calibrate", round, config, _inputs(model, problems=problems), seed)


def guide_spec(
    recipe: Recipe, resolve: Resolve, round: int, model: ModelRef, problems: StepRef, samples: StepRef,
    verdicts: StepRef, prompts: Sequence[str], teacher: Any = None,
) -> StepSpec:  # fmt: skip
    """`prompts`: their texts; `teacher`: identity of who comments. The verdicts' key holds the judges."""
    config = {
        "guide": identity(recipe.guide, resolve, "prompt", "leak_words"),
        "generate": identity(recipe.generate.sampling(), resolve),
        "prompts": list(prompts),
        "teacher": teacher,
        "engine": identity(recipe.engine, resolve),
    }
    inputs = _inputs(model, problems=problems, samples=samples, verdicts=verdicts)
    return _spec(recipe, "guide", round, config, inputs, derive_seed(recipe.seed, round, "guide"))


def select_spec(
    recipe: Recipe,
    resolve: Resolve,
    round: int,
    samples: Sequence[StepRef],
    verdicts: Sequence[StepRef],
    problems: StepRef,
    calibration: StepRef | None,
    stage: str = "select",
) -> StepSpec:
    """`recipe`: as the model learns by it that is selected for; every model's selection draws by one seed. Schedules
    enter with the round's value."""
    filters = with_guide(recipe.select, recipe.guide)
    config = {
        "select": identity(filters, resolve),
        "rows": recipe.train.objective.rows,
        "written": identity(recipe.rows, resolve),
        "weigh": identity(recipe.weigh, resolve),
        "pair": identity(recipe.pair and in_round(recipe.pair, round), resolve),
        "formats": identity(recipe.train.formats, resolve),
    }
    versions = versions_of(filters, recipe.pair)
    versions |= {f"weigh.{recipe.weigh.kind}": weigh.VERSIONS[recipe.weigh.kind]} if recipe.weigh else {}
    versions |= {"formats": select_formats.VERSION} if recipe.train.formats else {}
    versions |= row_versions(recipe.rows)
    steps = {"problems": problems, **({"calibration": calibration} if calibration else {})}
    inputs = _inputs(None, **steps)
    inputs |= {"samples": [step.key for step in samples], "verdicts": [step.key for step in verdicts]}
    return _spec(recipe, stage, round, config, inputs, derive_seed(recipe.seed, round, "select"), versions)


def monitor_spec(recipe: Recipe, resolve: Resolve, round: int, steps: RoundSteps) -> StepSpec:
    """Judges and select components enter through the keys of the steps they made."""
    verifier = recipe.verifier_for_gold()
    inputs = {name: step.key if step else None for name, step in vars(steps).items()}
    config = {"verifier": identity(verifier, resolve)}
    seed = derive_seed(recipe.seed, round, "monitor")
    return _spec(recipe, "monitor", round, config, inputs, seed, verifier_versions(verifier))


def train_spec(
    recipe: Recipe, resolve: Resolve, stage: str, round: int, train: Train, inputs: Mapping[str, Any],
    steps: Mapping[str, int | None],
) -> StepSpec:  # fmt: skip
    """`inputs`: digests of start model and reference, keys of the tables trained on; `steps`: the round's schedule,
    which `max_steps` and `step_growth` make. `formats` are in the rows."""
    kept = identity(train, resolve, "max_steps", "step_growth", "formats")
    max_share = recipe.meta.max_share if recipe.meta and inputs["judge_pairs"] else None
    config = {stage: kept, "steps": dict(steps), "max_judge_share": max_share}
    return _spec(recipe, stage, round, config, dict(inputs), derive_seed(recipe.seed, round, stage))


def evaluate_spec(
    recipe: Recipe, resolve: Resolve, round: int, model: ModelRef, problems: StepRef, judging: Any = None
) -> StepSpec:
    """`judging`: identity of the judge of best-of-k, its model and prompt included."""
    verifier = recipe.verifier_for_gold()
    best_of = recipe.evaluate.best_of
    config = {
        "evaluate": identity(recipe.evaluate, resolve, "verifier"),
        "verifier": identity(verifier, resolve),
        "max_tokens": recipe.evaluate.max_tokens or recipe.generate.max_tokens,
        "stop": list(recipe.generate.stop),
        "engine": identity(recipe.engine, resolve),
        "best_of": judging,
    }
    versions = component_versions([AnswerJudge(verifier=verifier), *([best_of.judge] if best_of else [])])
    versions["statistics"] = statistics.VERSION
    seed = derive_seed(recipe.seed, round, "evaluate") if recipe.evaluate.pass_at or best_of else None
    return _spec(recipe, "evaluate", round, config, _inputs(model, problems=problems), seed, versions)


def decide_spec(recipe: Recipe, resolve: Resolve, round: int, inputs: Mapping[str, Any]) -> StepSpec:
    """`inputs`: keys of the evaluations compared and of the monitors."""
    config = {"gate": identity(recipe.decide.gate, resolve), "guards": identity(recipe.guards, resolve)}
    return _spec(recipe, "decide", round, config, dict(inputs))


def _inputs(model: ModelRef | None = None, **steps: StepRef) -> dict[str, Any]:
    named = {name: step.key for name, step in steps.items()}
    return named if model is None else {"model": model.digest, **named}


def _spec(
    recipe: Recipe,
    stage: str,
    round: int,
    config: dict[str, Any],
    inputs: dict[str, Any],
    seed: int | None = None,
    versions: Mapping[str, int | str] | None = None,
) -> StepSpec:
    kind = stage_kind(stage)
    records = {f"record.{record.__name__}": version_of(record) for record in WRITES.get(kind, ())}
    versions = {kind: VERSIONS[kind], **records, **(versions or {})}
    return StepSpec(recipe.name, stage, round, config, inputs, seed, versions)
