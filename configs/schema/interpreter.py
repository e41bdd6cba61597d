"""Code that a model writes in its answer is run, and it reads what came out (`generate.interpreter`)."""

from __future__ import annotations

from pydantic import Field, model_validator

from configs.schema.base import Component

OUTPUT = "{output}"
"""what stands in `result` for what a program printed"""


class Interpreter(Component):
    """Where a text of the policy closes a block of Python, drawing stops, the block is run alone in a sandbox without
    network (bubblewrap), what it printed is put into the text, and drawing goes on (START, arXiv 2503.04625; CoSC,
    arXiv 2410.10735). What was put in carries no loss, and evaluation runs blocks too.
    """

    open: str = Field("```python\n", description="text that begins a block")
    close: str = Field("```\n", description="text that ends it: drawing stops there")
    result: str = Field("```output\n{output}\n```\n", description="what is put in after a block")
    max_calls: int = Field(6, ge=1, le=1000, description="blocks of one text that are run; then it goes on without")
    limit_seconds: float = Field(10.0, gt=0, description="wall clock for one block; the start of its sandbox apart")
    max_chars: int = Field(2000, ge=1, le=1_000_000, description="of an output; the rest is cut off")

    @model_validator(mode="after")
    def _markers_differ(self) -> Interpreter:
        for name in ("open", "close"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name}: without a marker no block is found: write a text such as '```python\\n'")
        if self.close in self.open:
            raise ValueError(
                "close: it stands in open, and drawing would stop where a block begins: write a longer one"
            )
        if self.result.count(OUTPUT) != 1:
            raise ValueError(f"result: {OUTPUT} stands in it once, where the output goes: write 'Output: {OUTPUT}\\n'")
        if self.open in self.result:
            raise ValueError("result: it holds open, so an output would be run as a block: write another text")
        return self


def check_stop(stop: str, interpreter: Interpreter) -> None:
    """Nothing, where a text that ends a draw is told from the end of a block; ValueError otherwise."""
    if stop in interpreter.close or interpreter.close in stop:
        raise ValueError(
            f"stop: {stop!r} and interpreter.close {interpreter.close!r} hold one another, so the end of a block would "
            "end the text: write another of them"
        )


def check_opening(stop: str, interpreter: Interpreter) -> None:
    """Nothing, where a text that ends every draw lets blocks begin; ValueError otherwise."""
    if stop in interpreter.open:
        raise ValueError(f"stop: {stop!r} stands in interpreter.open, so no block would begin: write a longer text")
