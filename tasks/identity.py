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
from configs.schema.recipe import Recipe
from tasks.evaluate import statistics
from tasks.judge.judge import component_versions
from tasks.problems import arithmetic, builtin, mapping
from tasks.refs import ModelRef, StepRef
from tasks.select import registry as select_registry
from tasks.step import StepSpec, derive_seed

# Raised when a change to a stage's code changes what it computes.
VERSIONS = {
    "problems": 1, "base": 1, "warm_start": 1, "generate": 1, "judge": 1,
    "select": 1, "train": 1, "evaluate": 1, "decide": 1,
}  # fmt: skip

# Settings that say where or how fast, never what: left out of every key.
RUNS_WHERE = {"devices", "batch_size", "max_num_seqs", "gpu_memory_utilization", "cpu_kv_cache_gib",
              "tensor_parallel_size", "enforce_eager", "checkpoint_seconds", "gradient_checkpointing",
              "path", "local_path", "min_examples"}  # fmt: skip


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


def base_spec(recipe: Recipe, source: str) -> StepSpec:
    """`source`: content digest of the GGUF file, or empty for a model the run makes itself."""
    seed = derive_seed(recipe.seed, "base")
    return _spec(
        recipe, "base", 0, {"model": settings(recipe.model, "base", "chat_template")}, {"source": source}, seed
    )


def warm_start_spec(recipe: Recipe, base: ModelRef, problems: StepRef) -> StepSpec:
    config = {"warm_start": _optimizer_settings(recipe.warm_start, "source")}
    return _spec(recipe, "warm_start", 0, config, _inputs(base, problems=problems), derive_seed(recipe.seed, "seed"))


def generate_spec(recipe: Recipe, round: int, model: ModelRef, problems: StepRef) -> StepSpec:
    config = {"generate": settings(recipe.generate), "engine": _engine(recipe.engine)}
    seed = derive_seed(recipe.seed, round, "generate")
    return _spec(recipe, "generate", round, config, _inputs(model, problems=problems), seed)


def judge_spec(recipe: Recipe, round: int, samples: StepRef, problems: StepRef) -> StepSpec:
    config = {"judge": [settings(judge, "function") for judge in recipe.judge]}
    versions = component_versions(recipe.judge)
    return _spec(recipe, "judge", round, config, _inputs(samples=samples, problems=problems), versions=versions)


def select_spec(recipe: Recipe, round: int, samples: StepRef, verdicts: StepRef, problems: StepRef) -> StepSpec:
    config = {"select": [settings(part) for part in recipe.select]}
    inputs = _inputs(samples=samples, verdicts=verdicts, problems=problems)
    seed = derive_seed(recipe.seed, round, "select")
    return _spec(recipe, "select", round, config, inputs, seed, select_registry.component_versions(recipe.select))


def train_spec(recipe: Recipe, round: int, start: ModelRef, selections: Sequence[StepRef]) -> StepSpec:
    inputs = {"model": start.digest, "examples": [selection.key for selection in selections]}
    config = {"train": _optimizer_settings(recipe.train, "start_from", "data")}
    return _spec(recipe, "train", round, config, inputs, derive_seed(recipe.seed, round, "train"))


def evaluate_spec(recipe: Recipe, round: int, model: ModelRef, problems: StepRef) -> StepSpec:
    judge = recipe.answer_judge()
    verifier = recipe.evaluate.verifier or judge.verifier
    config = {
        "evaluate": settings(recipe.evaluate, "verifier"),
        "verifier": settings(verifier, "function"),
        "max_tokens": recipe.evaluate.max_tokens or recipe.generate.max_tokens,
        "stop": recipe.generate.stop,
        "engine": _engine(recipe.engine),
    }
    versions = component_versions([judge.model_copy(update={"verifier": verifier})])
    versions["statistics"] = statistics.VERSION
    seed = derive_seed(recipe.seed, round, "evaluate") if recipe.evaluate.pass_at else None
    return _spec(recipe, "evaluate", round, config, _inputs(model, problems=problems), seed, versions)


def decide_spec(recipe: Recipe, round: int, inputs: Mapping[str, Any]) -> StepSpec:
    """`inputs`: keys of the evaluations compared, and of the decision before."""
    config = {"gate": settings(recipe.decide.gate)}
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
