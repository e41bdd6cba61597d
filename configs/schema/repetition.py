"""When a text that says the same over and over is ended."""

from __future__ import annotations

from pydantic import Field, model_validator

from configs.schema.base import Component


class Repetition(Component):
    """A text whose last tokens are one piece over and over is ended there. It is truncated, as one that reaches
    max_tokens is: never judged, never correct. vLLM's rule (`RepetitionDetectionParams`), in both engines."""

    longest: int = Field(64, ge=1, description="tokens of the longest piece that is looked for")
    shortest: int = Field(1, ge=1, description="tokens of the shortest piece")
    times: int = Field(16, ge=2, description="how often in a row a piece must come, whatever its length")

    @model_validator(mode="after")
    def _has_a_piece(self) -> Repetition:
        if self.shortest > self.longest:
            raise ValueError(f"shortest {self.shortest} is above longest {self.longest}: no piece could repeat")
        return self
