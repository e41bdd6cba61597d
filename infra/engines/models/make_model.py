"""Engine program: makes, fetches, merges or checks a model folder. Started by `build.py`.

python -m infra.engines.models.make_model REQUEST.json
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from configs.schema.model import TinyLlama
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import answer_job


def main() -> None:
    answer_job(make)


def make(request: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Dispatch on the request's `source`."""
    return MAKERS[request["source"]](request)


def make_tiny_llama(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.tiny_llama import write_tiny_llama

    write_tiny_llama(TinyLlama.model_validate(request["config"]), request["seed"], Path(request["out_dir"]))
    return {}


def make_from_gguf(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.import_model import write_gguf

    write_gguf(Path(request["path"]), Path(request["out_dir"]))
    return {}


def make_from_hub(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.import_model import fetch_from_hub

    folder, commit = fetch_from_hub(request["name"], request["revision"])
    return {"folder": str(folder), "commit": commit}


def make_merged(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.merge import check_saved, save_merged

    model, folder = ModelFiles.from_json(request["model"]), Path(request["out_dir"])
    save_merged(model, folder)
    check_saved(model, folder)
    return {}


def finish_export(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.chat_files import write_chat

    write_chat(ModelFiles.from_json(request["model"]), Path(request["out_dir"]))
    return {}


def check_targets(request: dict[str, Any]) -> dict[str, Any]:
    from infra.engines.models.target_modules import check_lora

    check_lora(ModelFiles.from_json(request["model"]), Lora.model_validate(request["tune"]))
    return {}


MAKERS = {
    "chat": finish_export,
    "targets": check_targets,
    "tiny_llama": make_tiny_llama,
    "gguf": make_from_gguf,
    "hub": make_from_hub,
    "merge": make_merged,
}

if __name__ == "__main__":
    main()
