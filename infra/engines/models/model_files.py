"""Where a model's files lie on this machine. Made by the control side, read by every engine program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from configs.schema.model import CHAT_TEMPLATE_DATE
from infra.engines.models.weights import check_model_folder

PROBE_FILE = "probe.json"
"""what a training leaves of the trained model's log-probabilities (`probe.py`)"""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder, and an adapter folder on top where there is one.

    Attributes:
        name: for people.
        weights: folder with config, weights and tokenizer in Hugging Face's format.
        adapter: folder with a PEFT adapter.
        probe: file of a text's log-probability under this model (`probe.py`); None where none was measured.
        chat_template: Jinja text that replaces the tokenizer's own.
        chat_template_name: which of the tokenizer's templates, where it has several.
        chat_template_kwargs: variables of the template.
        chat_template_date: the day that a template is told, `2026-01-01`.
    """

    name: str
    weights: Path
    adapter: Path | None = None
    chat_template: str | None = None
    trust_remote_code: bool = False
    chat_template_name: str | None = None
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    chat_template_date: str = CHAT_TEMPLATE_DATE
    probe: Path | None = None

    def check(self) -> None:
        """See that the folders hold what a model needs.

        Raises:
            EngineError: names the folder and what is missing in it.
        """
        check_model_folder(self.weights)
        if self.adapter is not None and not (self.adapter / "adapter_config.json").is_file():
            raise EngineError(
                f"model '{self.name}': {self.adapter} has no adapter_config.json",
                "a PEFT adapter folder holds adapter_config.json and adapter_model.safetensors",
            )

    def to_json(self) -> dict[str, Any]:
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ModelFiles:
        paths = {name: None if row[name] is None else Path(row[name]) for name in ("weights", "adapter", "probe")}
        return cls(**{**row, **paths})
