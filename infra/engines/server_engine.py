"""A server beside a learner as an engine: no recipe names one, for it is made of `online.sampler` and the recipe's."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from configs.schema.engine import LoadingEngine, LocalEngine, TransformersEngine, VllmEngine


class ServerEngine(LoadingEngine):
    """A `vllm serve` whose weights follow a training, asked by a session on the CPU, which knows the tokenizer."""

    works_together: ClassVar[bool] = True
    kind: Literal["server"] = "server"
    url: str = Field(description="base of the interface, ending in /v1")
    max_concurrent: int = Field(256, ge=1, description="draws under way at a time")

    @property
    def width(self) -> int:
        """Draws that the server works on at a time."""
        return self.max_concurrent


LiveEngine = TransformersEngine | VllmEngine | ServerEngine
"""engines that can draw beside a learner"""


def read_engine(told: dict[str, Any]) -> LocalEngine | ServerEngine:
    """An engine from a message."""
    if told["kind"] == "server":
        return ServerEngine.model_validate(told)
    found: LocalEngine = TypeAdapter(LocalEngine).validate_python(told)
    return found
