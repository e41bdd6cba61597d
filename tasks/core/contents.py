"""What a recipe names outside of itself, as digests: the content of files, folders, prompts, functions and weights.

A `Contents` answers the schema's mark `Content` (`configs/schema/marks.py`). Every workbench has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from configs.errors import ProblemsError
from configs.schema.draws.draw import AS_SAMPLED, PLAIN
from configs.schema.marks import Content
from configs.schema.model import PretrainedModel
from configs.schema.problems import StoreSource
from infra.engines.models.build import fetch_hub_model
from infra.engines.models.locate import resolve_base
from infra.engines.models.weights import digest_folder
from infra.store.files import sha256_of
from tasks.core.benchmark_task import digest_task
from tasks.core.ledger import Ledger
from tasks.core.prompts import read_prompt
from tasks.core.step import digest
from tasks.core.user_function import find_file

NO_PROMPTS = (PLAIN, AS_SAMPLED)
"""what may be written in place of a prompt's name, and means a chat that there is already"""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that exist already.

    Attributes:
        path: a .gguf file, or a model folder.
        digest: of the file's bytes, of the folder's files, or of the hub's commit.
    """

    path: Path
    digest: str


@dataclass
class Contents:
    """Digests of outside things.

    Attributes:
        base_dir: relative paths of the recipe start here.
    """

    ledger: Ledger
    base_dir: Path
    _weights: dict[tuple[str, str | None], Weights] = field(default_factory=dict)

    def __call__(self, content: Content, value: Any, holder: BaseModel) -> str | None:
        """Digest of what a field names, 64 hexadecimal digits; None for what enters in another place.

        Raises:
            ProblemsError: a file or folder is missing.
            RecipeError: a prompt or function is missing.
            EngineError: there are no such weights.
        """
        read = READERS.get(content.names)
        return None if read is None else read(self, value, holder)

    def weights(self, model: PretrainedModel) -> Weights:
        """The weights that a model's `base` and `revision` name. Hashed, or fetched from the hub, once a run."""
        key = (model.base, model.revision)
        if key not in self._weights:
            self._weights[key] = self._find_weights(model)
        return self._weights[key]

    def _find_weights(self, model: PretrainedModel) -> Weights:
        found = resolve_base(model, self.base_dir)
        if found.kind == "hub":
            work_dir = self.ledger.work_dir / "hub"
            folder, commit = fetch_hub_model(found.location, model.revision, work_dir=work_dir)
            return Weights(folder, digest([found.location, commit]))
        path = Path(found.location)
        return Weights(path, sha256_of(path) if found.kind == "gguf" else digest_folder(path))

    def _file(self, name: str, holder: BaseModel) -> str:
        path = self.base_dir / Path(name).expanduser()
        if not path.is_file():
            what = f"{name} is a folder" if path.is_dir() else f"there is no file {name}"
            raise ProblemsError(what, "correct the path; relative ones begin at the current folder")
        return sha256_of(path)

    def _folder(self, name: str, holder: BaseModel) -> str:
        folder = self.base_dir / Path(name).expanduser()
        if not folder.is_dir():
            raise ProblemsError(
                f"there is no folder {name}", "correct local_path; relative ones begin at the current folder"
            )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return digest([[path.relative_to(folder).as_posix(), sha256_of(path)] for path in files])

    def _object(self, key: str, holder: BaseModel) -> str:
        assert isinstance(holder, StoreSource), "no other component names an object"
        return holder.sha256 or sha256_of(self.ledger.fetch_object(key, None))

    def _prompt(self, name: str, holder: BaseModel) -> str:
        return name if name in NO_PROMPTS else digest(read_prompt(name, self.base_dir))

    def _function(self, address: str, holder: BaseModel) -> str:
        path, name = find_file(address, "function")
        return digest([name, sha256_of(path)])

    def _task(self, name: str, holder: BaseModel) -> str:
        return digest_task(name, self.base_dir)

    def _base(self, name: str, holder: BaseModel) -> str:
        assert isinstance(holder, PretrainedModel), "no other component names weights"
        return self.weights(holder).digest


READERS: dict[str, Callable[[Contents, Any, BaseModel], str]] = {
    "file": Contents._file,
    "folder": Contents._folder,
    "object": Contents._object,
    "prompt": Contents._prompt,
    "function": Contents._function,
    "weights": Contents._base,
    "task": Contents._task,
}
"""`version`, `model` and `steps` have no reader: they enter through a neighbour, or as a stage's inputs"""
