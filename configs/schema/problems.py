"""Where problems come from, and how a row of a file becomes a problem."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, compile_pattern, default_kind
from configs.schema.marks import Content


class Extract(Component):
    """Take a value out of a row: a field, or the first group of a pattern searched in that field."""

    field: str = Field(min_length=1, description="name of the field")
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
    system: str | None = Field(None, description="the system turn; default: none")
    answer: ExtractAnswer | ExtractFields | None = Field(None, description="the gold answer; judges by rule need it")
    solution: Extract | None = Field(None, description="a worked solution; the warm start needs it")
    id: str | None = Field(None, description="field with a unique id; default: a digest of the prompt")
    tags: tuple[str, ...] = Field((), description="fields kept with the problem, such as difficulty")


class _Rows(Component):
    """Sources that read rows: which rows, and their mapping."""

    mapping: Mapping = Field(Mapping(), description="how a row becomes a problem")
    start: int = Field(0, ge=0, description="first row taken")
    limit: int | None = Field(None, ge=1, description="number of rows taken; default: all")


class FileSource(_Rows):
    """A .jsonl, .json (a list of objects) or .parquet file; a .gz suffix is understood for the first two."""

    kind: Literal["file"] = "file"
    path: Annotated[str, Content("file")] = Field(min_length=1, description="relative to where the command runs")


class HubSource(_Rows):
    """A Hugging Face dataset by id and revision, or its local copy."""

    kind: Literal["hub"] = "hub"
    id: str = Field(min_length=1, description="OWNER/NAME on the hub")
    revision: str | None = Field(None, description="commit, tag or branch; default: the newest")
    config: str | None = Field(None, description="name of the dataset's configuration; default: its only one")
    split: str = Field("train", description="name of the split")
    local_path: Annotated[str | None, Content("folder")] = Field(
        None, description="folder of a copy made with datasets' save_to_disk"
    )


class StoreSource(_Rows):
    """An object in the experiment's store, in one of the file formats."""

    kind: Literal["store"] = "store"
    key: Annotated[str, Content("object")] = Field(
        min_length=1, description="its key in the store, such as data/rows.jsonl"
    )
    sha256: Annotated[str | None, Content("version")] = Field(
        None, pattern="^[0-9a-f]{64}$", description="digest that the object must have; default: whatever it has"
    )


class _Pairs(Component):
    """Settings of all sources that draw two n-digit numbers."""

    digits: tuple[Annotated[int, Field(ge=1, le=18)], ...] = Field(
        (2, 3), min_length=1, description="digits of both numbers, each in turn"
    )
    num_problems: int = Field(500, ge=1, description="problems in the set")
    seed: int = Field(0, description="of the numbers drawn")


class _Arithmetic(_Pairs):
    prompt: str | None = Field(None, description="text around {a} and {b}; default: the bare term, such as 47+85=")

    @field_validator("prompt")
    @classmethod
    def _names_both_numbers(cls, prompt: str | None) -> str | None:
        if prompt is not None and not ("{a}" in prompt and "{b}" in prompt):
            raise ValueError("needs {a} and {b}: write for example 'What is {a} + {b}?'")
        return prompt


class AdditionSource(_Arithmetic):
    """Built-in: sums of two n-digit numbers. More digits are harder. The sets of one recipe never overlap."""

    kind: Literal["addition"] = "addition"


class MultiplicationSource(_Arithmetic):
    """Built-in: products of two n-digit numbers. More digits are harder. The sets of one recipe never overlap."""

    kind: Literal["multiplication"] = "multiplication"
    digits: tuple[Annotated[int, Field(ge=1, le=18)], ...] = Field(
        (1, 2), min_length=1, description="digits of both numbers, each in turn"
    )


class ColumnsSource(_Pairs):
    """Built-in: sums written column by column, in a row of `width` columns, so that a small model can carry what it
    learned over to longer numbers.

    47+85 is `75,48.` from the right, at any place of a row whose other columns mean nothing, such as `31 75,48.90,`;
    its answer is the sum of each column with the carry, below it: `00 12,13.`. The gold answer is that whole text.
    Tags: `digits` of the larger number, `columns` up to the end of the sum.
    """

    kind: Literal["columns"] = "columns"
    width: int = Field(10, ge=2, le=18, description="columns in a row")

    @model_validator(mode="after")
    def _numbers_fit(self) -> ColumnsSource:
        if max(self.digits) >= self.width:
            raise ValueError(f"width: {self.width} columns hold fewer than {self.width} digits: write a larger width")
        return self


Setting = bool | int | float | str


class ReasoningGymSource(Component):
    """Problems of a task of the package reasoning-gym (arXiv 2505.24760), drawn by seed; the verifier `reasoning_gym`
    judges them. Needs `selfloop[gym]`.

    The sets of a task never overlap, whatever their seeds: half of its questions are for learning, a quarter each for
    the held-out sets. Tags: `task`, and `level`.

    Prompt and solution are Jinja templates over question, answer and metadata, which is what the package tells of a
    problem beside it: of a chain_sum its `expression`. A problem without an answer of its own has no solution.
    """

    kind: Literal["reasoning_gym"] = "reasoning_gym"
    task: str = Field("chain_sum", min_length=1, description="name in the package, such as countdown or mini_sudoku")
    level: int | None = Field(
        None, ge=0, description="level of the task's curriculum, from 0 on; default: the task's own settings"
    )
    difficulty: dict[str, Setting | tuple[Setting, ...]] = Field(
        {}, description="settings of the task by name, such as min_terms; they win over those of the level"
    )
    prompt: str = Field("{{ question }}", description="template of what the model is asked")
    solution: str = Field(
        "{{ answer }}", description="template of the worked solution, such as the steps to the answer"
    )
    num_problems: int = Field(500, ge=1, description="problems in the set")
    seed: int = Field(0, description="of the problems drawn")

    @field_validator("prompt")
    @classmethod
    def _names_the_question(cls, prompt: str) -> str:
        if not re.search(r"\{.*\b(question|metadata)\b.*\}", prompt, re.DOTALL):
            raise ValueError("needs {{ question }}: write for example '{{ question }} Answer in <answer> tags.'")
        return prompt

    @field_validator("difficulty")
    @classmethod
    def _is_not_what_has_a_field(cls, difficulty: dict[str, Any]) -> dict[str, Any]:
        for name, field in (("seed", "seed"), ("size", "num_problems")):
            if name in difficulty:
                raise ValueError(f"{name} is no difficulty: write {field}, beside task")
        return difficulty


Source = Annotated[
    FileSource | HubSource | StoreSource | AdditionSource | MultiplicationSource | ColumnsSource | ReasoningGymSource,
    by_kind,
    default_kind("file"),
]


class Problems(Component):
    """The three sets. A problem that occurs in two of them is an error."""

    train: Source = Field(description="sampled from and trained on")
    select: Source = Field(description="held out; the gate reads it")
    report: Source = Field(description="held out; never used to choose anything")
