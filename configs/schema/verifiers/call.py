"""The verifier that compares calls of tools as structures."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from configs.schema.verifiers.base import VerifierBase


class CallVerifier(VerifierBase):
    """The sample calls the gold answer's functions with the gold answer's arguments, whatever their order and the
    spelling of their numbers: f(a=1, b=2) is f(b=2.0, a=1). Texts are letter by letter, and "1" is not 1.

    Calls are read from the last `<tool_call>` tags, the last fenced block, or the whole text: as Python writes them,
    f(a=1) or [f(a=1), g()], or as JSON, {"name": "f", "arguments": {"a": 1}} or a list of such. Nothing is run. What
    cannot be read whole is unparseable.
    """

    finds_answers: ClassVar[bool] = True
    kind: Literal["call"] = "call"
    ordered: bool = Field(False, description="several calls must come in the gold answer's order")
