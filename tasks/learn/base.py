"""The base model: made by the run, dequantised into the store, or named where it lies.

Called by the Prefect task. Weights in a folder or on the hub are not copied into the store: they are named by content
digest or commit, and a change of them is a change of every step that uses them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from configs.errors import RecipeError
from configs.schema.marks import identity
from configs.schema.model import Model, PretrainedModel, TinyLlama
from infra.engines.models.build import build_model, import_gguf
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage import without
from tasks.core.step import StepSpec, Summary, derive_seed, digest
from tasks.learn.stages import BASE

NAME = "base"
CHAT = ("chat_template", "chat_template_name", "chat_template_kwargs", "chat_template_date")
"""what lies on top of the weights: it enters the model's digest, and not the key of the step that holds them"""


def base_model(bench: Workbench) -> ModelRef:
    """The recipe's base model.

    Raises:
        EngineError: there is no such model, or it has no weights.
    """
    config = bench.recipe.model
    if isinstance(config, TinyLlama):
        step = _publish_tiny(bench, config)
        return ModelRef(name=NAME, digest=step.key, weights=step)
    return pretrained_model(bench, config, NAME)


def pretrained_model(bench: Workbench, config: PretrainedModel, name: str) -> ModelRef:
    """Weights that exist already, as a model; errors as `base_model`."""
    weights = bench.contents.weights(config)
    if weights.path.is_file():
        step = _publish_gguf(bench, config, weights.path)
        model = ModelRef(name=name, digest=step.key, weights=step)
    else:
        known = digest(identity(config, bench.contents, *CHAT))
        model = ModelRef(name=name, digest=known, external=str(weights.path))
    chat = {**config.model_dump(include=set(CHAT)), "chat_template": chat_template_of(config, bench.base_dir)}
    known = digest([model.digest, chat])
    return model.model_copy(update={**chat, "digest": known, "trust_remote_code": config.trust_remote_code})


def _publish_tiny(bench: Workbench, config: TinyLlama) -> StepRef:
    def produce(scratch: Scratch) -> Summary:
        seed = derive_seed(bench.recipe.seed, "base")
        build_model(config, seed, _fresh(scratch.out / "model"), work_dir=scratch.work)
        return {}

    return bench.step(_spec(bench, config), produce)


def _publish_gguf(bench: Workbench, config: PretrainedModel, path: Path) -> StepRef:
    def produce(scratch: Scratch) -> Summary:
        import_gguf(path, _fresh(scratch.out / "model"), work_dir=scratch.work)
        return {"source": path.name}

    return bench.step(_spec(bench, config), produce)


def _spec(bench: Workbench, config: Model) -> StepSpec:
    return BASE.spec(bench.recipe, bench.contents, 0, {}, model=without(config, *CHAT))


def chat_template_of(config: PretrainedModel, base_dir: Path) -> str | None:
    """Text of the template that a recipe gives its model; None where the model's own is used."""
    if config.chat_template is None:
        return None
    return read_chat_template(base_dir / Path(config.chat_template).expanduser(), "model.chat_template")


def read_chat_template(path: Path, address: str) -> str:
    """Text of a template file. RecipeError, with the field's address, where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")  # without a byte-order mark
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{address}: {path} cannot be read: {error}", "name a Jinja text file") from None


def _fresh(folder: Path) -> Path:
    """An empty place: what an interrupted attempt left is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder
