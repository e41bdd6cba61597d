"""Where the base model comes from."""

from __future__ import annotations

import string
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from configs.schema.base import Component, by_kind, default_kind
from configs.schema.marks import Content

DEFAULT_ALPHABET = string.digits + "+*=?.,:; \n" + string.ascii_letters

CHAT_TEMPLATE_DATE = "2026-01-01"
"""what a template is told that asks for the date, where the recipe gives none: the same on every day"""

TAKEN_VARIABLES = frozenset({
    "messages", "conversation", "chat_template", "add_generation_prompt", "continue_final_message", "tokenize",
    "padding", "truncation", "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask",
    "tokenizer_kwargs", "strftime_now",
})  # fmt: skip
"""variables of a chat template that are given by what is asked"""


def _write_date(value: Any) -> Any:
    """YAML reads a date as one; a recipe keeps its text."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(f"'{value}' is no date: write one such as {CHAT_TEMPLATE_DATE}") from None


class PretrainedModel(Component):
    """Weights that exist already.

    `base` is a Hugging Face hub id, a local folder with safetensors, a `.gguf` file, or
    `package:NAME` for a Python package that carries one `.gguf` file or one folder with safetensors. A GGUF file is
    dequantised once, to float32, into the store.
    """

    kind: Literal["pretrained"] = "pretrained"
    base: Annotated[str, Content("weights")] = Field(
        min_length=1, description="hub id, folder, .gguf file, or package:NAME"
    )
    revision: Annotated[str | None, Content("version")] = Field(
        None, description="hub commit or tag; the commit found is recorded"
    )
    chat_template: Annotated[str | None, Content("file")] = Field(
        None, description="Jinja file to use instead of the tokenizer's own template"
    )
    chat_template_name: str | None = Field(
        None, min_length=1, description="which of the tokenizer's templates, where it has several; none: default"
    )
    chat_template_kwargs: dict[str, JsonValue] = Field(
        {}, description="variables of the template, such as enable_thinking: false"
    )
    chat_template_date: Annotated[str, BeforeValidator(_write_date)] = Field(
        CHAT_TEMPLATE_DATE, description="the day that a template is told which writes today's date"
    )
    trust_remote_code: bool = Field(False, description="run Python code that comes with the model")

    @model_validator(mode="after")
    def _template_is_one(self) -> PretrainedModel:
        if self.chat_template is not None and self.chat_template_name is not None:
            raise ValueError(
                "chat_template_name chooses among the tokenizer's templates: leave it or chat_template out"
            )
        if taken := sorted(TAKEN_VARIABLES & self.chat_template_kwargs.keys()):
            raise ValueError(f"chat_template_kwargs: {', '.join(taken)} is given by what is asked: leave it out")
        return self


class TinyLlama(Component):
    """A Llama-architecture model with random weights and a character tokenizer, made by the run itself.

    It exists to see the whole loop work on a laptop in minutes; the default has about 0.8M parameters.
    """

    kind: Literal["tiny_llama"] = "tiny_llama"
    hidden_size: int = Field(128, ge=8, multiple_of=2, description="width of the model; a multiple of num_heads")
    intermediate_size: int = Field(352, ge=8, description="width inside of each feed-forward layer")
    num_layers: int = Field(4, ge=1, description="transformer layers")
    num_heads: int = Field(4, ge=1, description="attention heads of each layer")
    max_length: int = Field(128, ge=16, description="context in tokens (characters)")
    alphabet: str = Field(DEFAULT_ALPHABET, min_length=2, description="every character the model can read or write")

    @model_validator(mode="after")
    def _heads_divide_width(self) -> TinyLlama:
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}: "
                f"write hidden_size: {self.num_heads * -(-self.hidden_size // self.num_heads)}"
            )
        return self


Model = Annotated[PretrainedModel | TinyLlama, by_kind, default_kind("pretrained")]
