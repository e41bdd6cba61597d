"""What each step's key depends on: the whole of the identity rules on one page.

A stage is computed again when something listed here changes, and only then. Paths, hosts, devices, batch sizes and
the number of processes are not listed: where a step runs never enters its key. Inputs are named by the keys of the
steps that made them, and by content digests where they come from outside. Pure; used by the tasks and by `plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from configs.schema.engine import Engine
from configs.schema.judge import AnswerJudge
from configs.schema.model import Model
from configs.schema.recipe import Recipe
from configs.schema.train import Train
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec, derive_seed
from tasks.evaluate import statistics
from tasks.judge.kinds.registry import component_versions
from tasks.judge.verifiers.registry import verifier_versions
from tasks.monitor.steps import RoundSteps
from tasks.sample.problems import arithmetic, builtin, mapping
from tasks.select import formats as select_formats
from tasks.select import weigh
from tasks.select.resolve import in_round, versions_of

# Raised when a change to a stage's code changes what it computes.
VERSIONS = {
    "problems": 1, "base": 1, "warm_start": 1, "invent": 1, "calibrate": 1, "guide": 2, "generate": 2, "judge": 1,
    "meta": 1, "select": 1, "monitor": 1, "train": 1, "train_verifier": 1, "evaluate": 1, "decide": 1,
}  # fmt: skip

# Settings that say where or how fast, never what: left out of every key.
RUNS_WHERE = {
    "devices", "batch_size", "max_num_seqs", "gpu_memory_utilization", "cpu_kv_cache_gib", "tensor_parallel_size",
    "enforce_eager", "checkpoint_seconds", "gradient_checkpointing", "path", "local_path", "min_examples",
    "silence_seconds", "load_seconds", "url", "key_env", "timeout_seconds", "max_retries", "requests_per_minute",
    "max_concurrent", "price_per_million_input", "price_per_million_output", "max_cost",
}  # fmt: skip

# Settings of a judge that name files, prompts and models: their content enters keys instead.
NAMES_ONLY = ("function", "prompt", "role", "frozen")


def settings(section: BaseModel | None, *leave_out: str) -> Any:
    """A recipe section as JSON, without the settings that do not change results."""
    return None if section is None else _strip(section.model_dump(mode="json"), RUNS_WHERE | set(leave_out))


def _strip(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _strip(item, names) for key, item in value.items() if key not in names}
    return [_strip(item, names) for item in value] if isinstance(value, list) else value


def problems_spec(recipe: Recipe, sources: Mapping[str, str]) -> StepSpec:
    """`sources`: content digest of each outside file, by set name."""
    warm_start = settings(recipe.warm_start.source) if recipe.warm_start else None
    config = {"problems": settings(recipe.problems), "warm_start": warm_start}
    versions = {"arithmetic": arithmetic.VERSION, "builtin": builtin.VERSION, "mapping": mapping.VERSION}
    return _spec(recipe, "problems", 0, config, dict(sources), versions=versions)


def base_spec(recipe: Recipe, config: Model, source: str) -> StepSpec:
    """`source`: content digest of the GGUF file, or empty for a model the run makes itself."""
    seed = derive_seed(recipe.seed, "base")
    return _spec(recipe, "base", 0, {"model": settings(config, "base", "chat_template")}, {"source": source}, seed)


def warm_start_spec(recipe: Recipe, base: ModelRef, problems: StepRef) -> StepSpec:
    config = {"warm_start": _optimizer_settings(recipe.warm_start, "source")}
    return _spec(recipe, "warm_start", 0, config, _inputs(base, problems=problems), derive_seed(recipe.seed, "seed"))


def generate_spec(
    recipe: Recipe, round: int, model: ModelRef, problems: StepRef, calibration: StepRef | None = None,
    judging: Any = None,
) -> StepSpec:  # fmt: skip
    """`judging`: identity of the judge that a stepwise generator asks as it goes."""
    config = {"generate": settings(recipe.generate), "engine": _engine(recipe.engine), "judging": judging}
    steps = {"problems": problems, **({"calibration": calibration} if calibration else {})}
    return _spec(
        recipe, "generate", round, config, _inputs(model, **steps), derive_seed(recipe.seed, round, "generate")
    )


def invent_spec(
    recipe: Recipe, round: int, model: ModelRef, problems: StepRef, earlier: Sequence[StepRef], prompt: str
) -> StepSpec:
    """`prompt`: text of the prompt that shows examples."""
    assert recipe.invent is not None
    config = {"invent": settings(recipe.invent, "prompt"), "prompt": prompt, "engine": _engine(recipe.engine)}
    inputs = {**_inputs(model, problems=problems), "earlier": [step.key for step in earlier]}
    return _spec(recipe, "invent", round, config, inputs, derive_seed(recipe.seed, round, "invent"))


def judge_spec(
    recipe: Recipe, round: int, samples: StepRef, problems: StepRef, asked: Mapping[str, Any] | None = None
) -> StepSpec:
    """`asked`: by name of a judge that asks models, what it asks: models, engines, the prompt's text, trusted files."""
    config: dict[str, Any] = {"judge": [settings(judge, *NAMES_ONLY) for judge in recipe.judge]}
    if asked:
        config |= {"asked": dict(asked), "shard_size": recipe.generate.shard_size}
    seed = derive_seed(recipe.seed, round, "judge") if any(judge.draws_at_random for judge in recipe.judge) else None
    versions = component_versions(recipe.judge)
    return _spec(recipe, "judge", round, config, _inputs(samples=samples, problems=problems), seed, versions)


def meta_spec(
    recipe: Recipe, round: int, verdicts: StepRef, samples: StepRef, problems: StepRef, asked: Any
) -> StepSpec:
    """`asked`: model and engine of the judge that compares its judgements, and the prompt's text."""
    config = {
        "meta": settings(recipe.meta, "prompt", "rounds", "max_share"),
        "asked": asked,
        "shard_size": recipe.generate.shard_size,
    }
    inputs = _inputs(verdicts=verdicts, samples=samples, problems=problems)
    return _spec(recipe, "meta", round, config, inputs, derive_seed(recipe.seed, round, "meta"))


def calibrate_spec(recipe: Recipe, round: int, model: ModelRef, problems: StepRef, judging: Any) -> StepSpec:
    """`judging`: identity of the judges that the balance score reads."""
    assert recipe.calibrate is not None
    config = {
        "calibrate": settings(recipe.calibrate),
        "generate": settings(recipe.generate.sampling(), "temperature"),
        "shard_size": recipe.generate.shard_size,
        "judging": judging,
        "engine": _engine(recipe.engine),
    }
    seed = derive_seed(recipe.seed, round, "calibrate")
    return _spec(recipe, "calibrate", round, config, _inputs(model, problems=problems), seed)


def guide_spec(
    recipe: Recipe, round: int, model: ModelRef, problems: StepRef, samples: StepRef, verdicts: StepRef,
    prompts: Sequence[str], teacher: Any = None,
) -> StepSpec:  # fmt: skip
    """`prompts`: their texts; `teacher`: identity of who comments. The verdicts' key holds the judges."""
    config = {
        "guide": settings(recipe.guide, "prompt", "role", "leak_words"),
        "generate": settings(recipe.generate.sampling()),
        "shard_size": recipe.generate.shard_size,
        "prompts": list(prompts),
        "teacher": teacher,
        "engine": _engine(recipe.engine),
    }
    inputs = _inputs(model, problems=problems, samples=samples, verdicts=verdicts)
    return _spec(recipe, "guide", round, config, inputs, derive_seed(recipe.seed, round, "guide"))


def select_spec(
    recipe: Recipe,
    round: int,
    samples: Sequence[StepRef],
    verdicts: Sequence[StepRef],
    problems: StepRef,
    calibration: StepRef | None,
    prompts: Sequence[str],
) -> StepSpec:
    """`prompts`: texts of the prompts of `train.formats`, in their order. Schedules enter with the round's value."""
    verifier = recipe.verifier
    formats = zip(prompts, recipe.train.formats, strict=True)
    config = {
        "select": [settings(part) for part in recipe.select],
        "rows": recipe.train.objective.rows,
        "weigh": settings(recipe.weigh),
        "pair": settings(recipe.pair and in_round(recipe.pair, round)),
        "formats": [{"prompt": prompt, "completion": written.completion} for prompt, written in formats],
        "leak_words": list(recipe.guide.leak_words) if recipe.guide else None,
    }
    versions = versions_of(recipe.select, recipe.pair)
    versions |= {f"weigh.{recipe.weigh.kind}": weigh.VERSIONS[recipe.weigh.kind]} if recipe.weigh else {}
    versions |= {"formats": select_formats.VERSION} if prompts else {}
    if verifier is not None:
        pair = settings(in_round(verifier.pair, round))
        config["verifier"] = {"select": [settings(part) for part in verifier.select], "pair": pair}
        versions |= {f"verifier.{name}": number for name, number in versions_of(verifier.select, verifier.pair).items()}
    steps = {"problems": problems, **({"calibration": calibration} if calibration else {})}
    inputs = _inputs(None, **steps)
    inputs |= {"samples": [step.key for step in samples], "verdicts": [step.key for step in verdicts]}
    return _spec(recipe, "select", round, config, inputs, derive_seed(recipe.seed, round, "select"), versions)


def monitor_spec(recipe: Recipe, round: int, steps: RoundSteps) -> StepSpec:
    """Judges and select components enter through the keys of the steps they made."""
    verifier = recipe.verifier_for_gold()
    inputs = {name: step.key if step else None for name, step in vars(steps).items()}
    config = {"verifier": settings(verifier, "function")}
    seed = derive_seed(recipe.seed, round, "monitor")
    return _spec(recipe, "monitor", round, config, inputs, seed, verifier_versions(verifier))


def train_spec(
    recipe: Recipe, stage: str, round: int, train: Train, inputs: Mapping[str, Any], steps: Mapping[str, int | None]
) -> StepSpec:
    """`inputs`: digests of start model and reference, keys of the tables trained on; `steps`: the round's schedule."""
    kept = _optimizer_settings(train, "start_from", "data", "reference", "max_steps", "step_growth", "formats")
    max_share = recipe.meta.max_share if recipe.meta and inputs["judge_pairs"] else None
    config = {stage: kept, "steps": dict(steps), "max_judge_share": max_share}
    return _spec(recipe, stage, round, config, dict(inputs), derive_seed(recipe.seed, round, stage))


def evaluate_spec(recipe: Recipe, round: int, model: ModelRef, problems: StepRef, judging: Any = None) -> StepSpec:
    """`judging`: identity of the judge of best-of-k, its model and prompt included."""
    verifier = recipe.verifier_for_gold()
    best_of = recipe.evaluate.best_of
    config = {
        "evaluate": settings(recipe.evaluate, "verifier"),
        "verifier": settings(verifier, "function"),
        "max_tokens": recipe.evaluate.max_tokens or recipe.generate.max_tokens,
        "stop": recipe.generate.stop,
        "engine": _engine(recipe.engine),
        "best_of": judging,
    }
    versions = component_versions([AnswerJudge(verifier=verifier), *([best_of.judge] if best_of else [])])
    versions["statistics"] = statistics.VERSION
    seed = derive_seed(recipe.seed, round, "evaluate") if recipe.evaluate.pass_at or best_of else None
    return _spec(recipe, "evaluate", round, config, _inputs(model, problems=problems), seed, versions)


def decide_spec(recipe: Recipe, round: int, inputs: Mapping[str, Any]) -> StepSpec:
    """`inputs`: keys of the evaluations compared and of the monitors."""
    config = {"gate": settings(recipe.decide.gate), "guards": [settings(guard) for guard in recipe.guards]}
    return _spec(recipe, "decide", round, config, dict(inputs))


def _engine(engine: Engine) -> Any:
    return settings(engine)


def _optimizer_settings(section: BaseModel | None, *leave_out: str) -> Any:
    """Unlike in generation, the training batch is part of the result."""
    assert section is not None
    kept = settings(section, *leave_out)
    return {**kept, "batch_size": section.batch_size}  # type: ignore[attr-defined]


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
    return StepSpec(recipe.name, stage, round, config, inputs, seed, {stage: VERSIONS[stage], **(versions or {})})
