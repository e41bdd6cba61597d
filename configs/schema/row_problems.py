"""How a row of a file becomes a problem, and which rows do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BeforeValidator, Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, compile_pattern
from configs.schema.marks import Content, Later


class Extract(Component):
    """Take a value out of a row: a field, or the first group of a pattern searched in that field."""

    field: str = Field(min_length=1, description="name of the field; that of mapping.messages: its last assistant turn")
    pattern: str | None = Field(None, description="regular expression with one group, searched in the field's text")

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        groups = compile_pattern(pattern).groups
        if groups != 1:
            raise ValueError(f"needs exactly one group, has {groups}: write for example '#### (.+)'")
        return pattern


class ExtractAnswer(Extract):
    """Take the gold answer out of a row; where the field holds the number of a choice, with `index_of: ABCD`."""

    index_of: str | None = Field(
        None, min_length=2, description="the field holds a number of these choices, in their order; gold is the choice"
    )
    first: Literal[0, 1] = Field(0, description="number of the first choice")

    @model_validator(mode="after")
    def _counts_choices(self) -> ExtractAnswer:
        if self.first and self.index_of is None:
            raise ValueError("first: numbers choices, and there are none: write index_of: ABCD")
        return self


class ExtractFields(Component):
    """Take several fields of a row as the text of a JSON object, as the verifier `code` reads it."""

    fields: tuple[str, ...] = Field(min_length=1, description="names of the fields")


class Mapping(Component):
    """How a row becomes a problem. `prompt` and `system` are Jinja templates over the row's fields."""

    prompt: str = Field("{{ question }}", min_length=1, description="what the user asks")
    system: str | None = Field(None, description="the system turn; default: none, or that of the chat")
    messages: Annotated[str | None, Later] = Field(
        None,
        min_length=1,
        description="field with a chat, a list of turns with role and content (or from and value), in place of prompt; "
        "its last assistant turn is the solution, and those before it stay",
    )
    answer: ExtractAnswer | ExtractFields | None = Field(None, description="the gold answer; judges by rule need it")
    solution: Extract | None = Field(None, description="a worked solution; the warm start needs it")
    id: str | None = Field(None, description="field with a unique id; default: a digest of the prompt")
    tags: tuple[str, ...] = Field((), description="fields kept with the problem, such as difficulty")

    @model_validator(mode="after")
    def _is_asked_once(self) -> Self:
        if self.messages is not None and "prompt" in self.model_fields_set and self.prompt != _PROMPT:
            raise ValueError("prompt and messages both say what is asked: leave out one of them")
        return self


_PROMPT = Mapping.model_fields["prompt"].default


class ExpressionWhere(Component):
    """Rows of which a Jinja expression over the fields is true: `where: "Type == 'Sum'"`."""

    kind: Literal["expression"] = "expression"
    expression: str = Field(
        min_length=1, description="as in {% if ... %}; fields of a .csv are texts: (Answer | float) > 5"
    )

    @field_validator("expression")
    @classmethod
    def _is_an_expression(cls, expression: str) -> str:
        if "{{" in expression or "{%" in expression:
            raise ValueError(f"{expression!r} is a template: write the expression alone, such as \"Type == 'Sum'\"")
        try:
            SandboxedEnvironment().compile_expression(expression)
        except TemplateSyntaxError as error:
            raise ValueError(
                f"{expression!r} is no Jinja expression: {error.message}; write for example \"Type == 'Sum'\""
            ) from None
        return expression


class PythonWhere(Component):
    """Rows for which a function of yours returns True: `where: {kind: python, function: rows.py:is_wanted}`. It is
    given the row, a dict, and runs in the process that reads."""

    kind: Literal["python"] = "python"
    function: Annotated[str, Content("function")] = Field(
        pattern=r"^.+\.py:[A-Za-z_][A-Za-z0-9_]*$", description="path/to/file.py:name, of a function of the row"
    )


def _as_expression(value: object) -> object:
    return {"kind": "expression", "expression": value} if isinstance(value, str) else value


Where = Annotated[ExpressionWhere | PythonWhere, by_kind, BeforeValidator(_as_expression)]


class Rows(Component):
    """Sources that read rows: which rows, and their mapping."""

    mapping: Mapping = Field(Mapping(), description="how a row becomes a problem")
    where: Annotated[Where | None, Later] = Field(
        None, description="which rows are taken: a Jinja expression, or a function; default: all"
    )
    shuffle: Annotated[int | None, Later] = Field(
        None, description="seed of the order that rows are taken in; default: that of the file"
    )
    start: int = Field(0, ge=0, description="first row taken, of those that `where` takes, in the order of `shuffle`")
    limit: int | None = Field(None, ge=1, description="number of rows taken; default: all")
    on_bad_row: Annotated[Literal["error", "drop"], Later] = Field(
        "error", description="a row that is damaged, lacks something, or whose gold answer no verifier can read"
    )
    duplicates: Annotated[Literal["error", "drop"], Later] = Field(
        "drop", description="a problem that comes again with the same answer; one with another answer is a bad row"
    )


class Files(Rows):
    """Sources that read rows of a file, with how a .csv or .tsv is written."""

    separator: Annotated[str | None, Later] = Field(
        None, min_length=1, max_length=1, description="between the fields of a .csv or .tsv; default: found out"
    )
    encoding: Annotated[str | None, Later] = Field(
        None, description="of a .csv or .tsv, such as latin-1; default: utf-8"
    )

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
        except LookupError:
            raise ValueError(f"'{encoding}' is no encoding: write for example latin-1, cp1252 or utf-16") from None
        return encoding
