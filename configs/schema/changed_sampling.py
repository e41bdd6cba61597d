"""Settings of a draw that stand in place of its sampler's: of one variant of a problem, of one step of a revision."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from configs.schema.base import Component


class ChangedSampling(Component):
    """The fields of `Sampling` in generate.py, each of which may be left out."""

    temperature: float | None = Field(None, ge=0, description="default: the sampler's, as for top_p to stop")
    top_p: float | None = Field(None, gt=0, le=1, description="of the draw")
    top_k: int | None = Field(None, ge=0, description="of the draw; 0: off")
    min_p: float | None = Field(None, ge=0, le=1, description="of the draw")
    max_tokens: int | None = Field(None, ge=1, description="of the draw")
    stop: tuple[str, ...] | None = Field(None, description="texts that end the draw; they are not part of it")

    @property
    def changed_sampling(self) -> dict[str, Any]:
        """The settings of a draw that differ from the sampler's."""
        return {name: value for name in ChangedSampling.model_fields if (value := getattr(self, name)) is not None}
