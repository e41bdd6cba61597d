"""Where problems come from."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, default_kind
from configs.schema.marks import Content, Later
from configs.schema.row_problems import Files, Rows


class FileSource(Files):
    """A .jsonl, .json (a list of objects), .csv, .tsv or .parquet file; all but the last may also be .gz."""

    kind: Literal["file"] = "file"
    path: Annotated[str, Content("file")] = Field(min_length=1, description="relative to where the command runs")


class HubSource(Rows):
    """A Hugging Face dataset by id and revision, or its local copy."""

    kind: Literal["hub"] = "hub"
    id: str = Field(min_length=1, description="OWNER/NAME on the hub")
    revision: str | None = Field(None, description="commit, tag or branch; default: the newest")
    config: str | None = Field(None, description="name of the dataset's configuration; default: its only one")
    split: str = Field("train", description="name of the split")
    local_path: Annotated[str | None, Content("folder")] = Field(
        None, description="folder of a copy made with datasets' save_to_disk"
    )


class StoreSource(Files):
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


RowSource = Annotated[FileSource | HubSource | StoreSource, by_kind, default_kind("file")]

SHARES_SUM = 1e-6
"""how far a sum of shares may lie from one"""


def check_shares(shares: dict[str, float]) -> None:
    """ValueError, where shares do not add up to one."""
    total = math.fsum(shares.values())
    if abs(total - 1) > SHARES_SUM:
        told = " + ".join(f"{share:g}" for share in shares.values())
        raise ValueError(f"the shares {told} add up to {total:g}, not to 1: correct them ({', '.join(shares)})")


class MixturePart(Component):
    """One source of a mixture."""

    share: float = Field(gt=0, lt=1, description="of the set's problems; all shares add up to 1")
    source: RowSource = Field(description="the source")


class MixtureSource(Component):
    """Several sources mixed by shares. Each gives its first problems, so that a `shuffle` of it draws them; they
    alternate by their shares, and none comes twice."""

    kind: Literal["mixture"] = "mixture"
    parts: tuple[MixturePart, ...] = Field(min_length=2, description="the sources, with their shares")
    num_problems: int | None = Field(
        None, ge=1, description="problems in the set; default: as many as the shares allow"
    )

    @model_validator(mode="after")
    def _shares_are_whole(self) -> Self:
        check_shares({f"part {place}": part.share for place, part in enumerate(self.parts)})
        return self


Source = Annotated[
    FileSource
    | HubSource
    | StoreSource
    | MixtureSource
    | AdditionSource
    | MultiplicationSource
    | ColumnsSource
    | ReasoningGymSource,
    by_kind,
    default_kind("file"),
]


class Shares(Component):
    """How one source is split; the shares add up to 1."""

    train: float = Field(0.8, gt=0, lt=1, description="share of the rows that is trained on")
    select: float = Field(0.1, gt=0, lt=1, description="share that the gate reads")
    report: float = Field(0.1, gt=0, lt=1, description="share that never chooses anything")

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        check_shares({"train": self.train, "select": self.select, "report": self.report})
        return self


class Problems(Component):
    """The three sets: a source each, or one source that is split by shares. A problem that occurs in two is an error.

    Which set a problem of a split source belongs to depends on its text (or its group) alone, on the shares, and on
    the source's `shuffle`: the order of rows does not matter, and further rows move few from one set to another.
    """

    train: Source | None = Field(None, description="sampled from and trained on")
    select: Source | None = Field(None, description="held out; the gate reads it")
    report: Source | None = Field(None, description="held out; never used to choose anything")
    source: Annotated[RowSource | None, Later] = Field(None, description="in place of the three: one source, split")
    shares: Annotated[Shares | None, Later] = Field(
        None, description="of the split; default: train 0.8, select 0.1, report 0.1"
    )
    group: Annotated[str | None, Later] = Field(
        None, min_length=1, description="field of the split source: rows with one value of it stay in one set"
    )

    @model_validator(mode="after")
    def _has_three_sets(self) -> Self:
        written = [name for name in SETS if getattr(self, name) is not None]
        if self.source is not None and written:
            raise ValueError(f"source is split into the three sets, and {', '.join(written)} names one: leave out one")
        if self.source is None and len(written) < len(SETS):
            missing = ", ".join(name for name in SETS if name not in written)
            raise ValueError(f"{missing} missing: name a source for each, or one `source` that is split by `shares`")
        if self.source is None and (self.shares is not None or self.group is not None):
            raise ValueError("shares and group split one `source`, and there is none: write source, or leave them out")
        return self

    def sets(self) -> dict[str, Source]:
        """The source of each set; empty where one source is split."""
        return {name: source for name in SETS if (source := getattr(self, name)) is not None}

    @property
    def split(self) -> Shares:
        """How the one source is split."""
        return self.shares or Shares()


SETS = ("train", "select", "report")
"""names of the three sets"""
