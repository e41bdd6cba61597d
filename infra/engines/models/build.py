"""Model folders on the control side: starts the engine program `make_model.py` for what needs torch or the hub.

Called by the stage that publishes the base model, and by `selfloop export --merged`. Nothing heavy is imported here.
"""

from __future__ import annotations

from pathlib import Path

from configs.schema.model import TinyLlama
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import run_job
from infra.engines.programs import OFFLINE

PROGRAM = "infra.engines.models.make_model"


def build_model(config: TinyLlama, seed: int, out_dir: Path, *, work_dir: Path) -> None:
    """Write a model folder with random weights; the same seed gives the same bytes.

    Raises:
        EngineError: the process died; names its log in `work_dir`. So do the functions below.
    """
    request = {"source": "tiny_llama", "config": config.model_dump(), "seed": seed, "out_dir": str(out_dir)}
    run_job(PROGRAM, request, what="making the tiny model", work_dir=work_dir, env=OFFLINE)


def import_gguf(path: Path, out_dir: Path, *, work_dir: Path) -> None:
    """Dequantise a .gguf file into a model folder: float32 safetensors, tokenizer, chat template."""
    request = {"source": "gguf", "path": str(path), "out_dir": str(out_dir)}
    run_job(PROGRAM, request, what=f"import of {path.name}", work_dir=work_dir, env=OFFLINE)


def fetch_hub_model(name: str, revision: str | None, *, work_dir: Path) -> tuple[Path, str]:
    """Fetch a model of the Hugging Face hub into the hub's cache; returns its folder and the commit found."""
    request = {"source": "hub", "name": name, "revision": revision}
    answer = run_job(PROGRAM, request, what=f"fetching {name}", work_dir=work_dir, env={})
    return Path(answer["folder"]), answer["commit"]


def check_lora_targets(model: ModelFiles, tune: Lora, *, work_dir: Path) -> None:
    """See that the layers that get adapters are there and can be trained.

    Raises:
        EngineError: names the layer.
    """
    request = {"source": "targets", "model": model.to_json(), "tune": tune.model_dump()}
    run_job(PROGRAM, request, what=f"looking for layers of {model.name}", work_dir=work_dir, env=OFFLINE)


def write_chat_files(model: ModelFiles, folder: Path, *, work_dir: Path) -> None:
    """Make a copy of a model's folder end its turns, and write its chats, as the model does here.

    Raises:
        UserError: the model has no such template, or nothing ends its turn.
    """
    request = {"source": "chat", "model": model.to_json(), "out_dir": str(folder)}
    run_job(PROGRAM, request, what=f"export of {model.name}", work_dir=work_dir, env=OFFLINE)


def merge_model(model: ModelFiles, out_dir: Path, *, work_dir: Path) -> None:
    """Write the adapter merged into its base, with the tokenizer, as one folder that every engine loads.

    Raises:
        EngineError: the files do not belong together, or memory ran out.
    """
    request = {"source": "merge", "model": model.to_json(), "out_dir": str(out_dir)}
    run_job(PROGRAM, request, what=f"merging {model.name}", work_dir=work_dir, env=OFFLINE)
