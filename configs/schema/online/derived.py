"""Rows that a wave has beside those of its episodes: made once a wave, of what its groups wrote.

A row is trained under the chat that its text was drawn under, or under another, such as the problem alone: then the
learner reads its tokens anew in that place, and nothing is corrected for what the sampler's numbers were.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind, check_pattern
from configs.schema.chains import REVISION, ReadsChains
from configs.schema.marks import Content
from configs.schema.online.amount import Amount, values_of
from configs.schema.revision.parts import LabelName
from configs.schema.revision.sampler import SAID

DerivedName = Annotated[
    str,
    Field(pattern="^[a-z][a-z0-9_]*$", description="what ids of texts, draws and terms call it; default: its kind"),
]
PromptOf = Annotated[str, Content("prompt")]


class _Derived(ReadsChains, Component):
    weight: Amount = Field(1.0, description="factor of its rows in the loss; it may change with the experiment")

    @model_validator(mode="after")
    def _weight_is_not_negative(self) -> _Derived:
        if any(value < 0 for value in values_of(self.weight)):
            raise ValueError("weight: a negative weight of a likelihood has no lower end: write 0 or more")
        return self


class DerivedAttempts(_Derived):
    """Further attempts at problems of a wave under another prompt, which may show the answer: those that the first
    judge calls right are trained on by their likelihood, under the problem alone (ExPO, arXiv 2507.02834)."""

    kind: Literal["attempts"] = "attempts"
    name: DerivedName = "attempts"
    when: Literal["none_right", "some_right", "always"] = Field(
        "none_right", description="groups: without a right last attempt by the first judge, with one, or all"
    )
    prompt: PromptOf = Field(
        "hint_answer",
        description="prompt of configs/prompts, or path of a .j2 file, in place of the last user turn; it may use "
        "prompt, answer and solution",
    )
    count: int = Field(1, ge=1, description="drawn of each such group")
    leak_words: tuple[str, ...] = Field(
        ("hint", "given answer", "correct answer is given"), description="a text with one of these is dropped"
    )
    train_under: Literal["first_prompt", "drawn"] = Field(
        "first_prompt", description="the problem alone, or what it was drawn under"
    )
    weight: Amount = Field(0.1, description="of their likelihood; it may change with the experiment")


class DerivedVerdicts(_Derived):
    """Verdicts of the live weights on attempts of the wave, drawn and trained as groups of their own, with the credit
    of the recipe (RISE, arXiv 2505.13445).

    What a verdict says is compared, as a text, with what stands in `says` for the first judge's label of the attempt;
    attempts with other labels are not asked about.
    """

    kind: Literal["verdicts"] = "verdicts"
    name: DerivedName = "verdicts"
    share: float = Field(
        1.0, gt=0, le=1, description="of the wave's last attempts; taken evenly from its groups, the earlier ones first"
    )
    prompt: PromptOf = Field(
        "verify_attempt", description="prompt of configs/prompts, or path of a .j2 file; it may use prompt and attempt"
    )
    count: int = Field(8, ge=2, description="verdicts on each attempt, which are compared with each other")
    pattern: str = Field(SAID, description="its first group is what is said; the last match is read")
    says: dict[LabelName, str] = Field(
        {"correct": "correct", "wrong": "wrong", "unparseable": "wrong"},
        min_length=1,
        description="by the attempt's label, what is true",
    )
    right: float = Field(1.0, description="reward of what is true")
    wrong: float = Field(0.0, description="reward of what is not")
    unparseable: float = Field(0.0, description="reward where nothing can be read")
    max_tokens: int | None = Field(None, ge=1, description="default: the episode's")

    @model_validator(mode="after")
    def _can_be_read(self) -> DerivedVerdicts:
        check_pattern(self.pattern)
        if values_of(self.weight) != (1.0,):
            raise ValueError("weight: rewards say what a verdict counts: leave weight out")
        return self


class DerivedCopies(_Derived):
    """Texts of the episodes once more, under another chat.

    likelihood: of every text of the part, whoever wrote it, under `prompt` (predicting critiques: RLTF-FM, arXiv
    2602.02482). advantage: the last attempts keep the advantage that they have, under the problem alone, in place of
    what they were drawn under (RLTF-SD).
    """

    kind: Literal["copies"] = "copies"
    name: DerivedName = "copies"
    part: Literal["attempt", "critique", "hint", "execution"] = Field("critique", description="which texts")
    stream: Literal["likelihood", "advantage"] = Field("likelihood", description="as told above")
    prompt: PromptOf | None = Field(
        None,
        description="likelihood: prompt of configs/prompts, or path of a .j2 file, which is all that stands before the "
        "text; it may use prompt and attempt, the one before the text",
    )
    weight: Amount = Field(1.0, description="likelihood: of the texts; it may change with the experiment")

    @model_validator(mode="after")
    def _fits_the_stream(self) -> DerivedCopies:
        if self.stream == "advantage":
            if (self.part, self.prompt, values_of(self.weight)) != ("attempt", None, (1.0,)):
                raise ValueError("stream: advantage moves attempts under the problem alone: write part: attempt, and "
                                 "leave prompt and weight out")  # fmt: skip
        elif self.prompt is None or self.part == "attempt":
            raise ValueError("stream: likelihood teaches the words around attempts: name the prompt that asks for "
                             "them, and write part: critique, hint or execution")  # fmt: skip
        return self

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield "part", REVISION if self.part == "attempt" else self.part


Derived = Annotated[DerivedAttempts | DerivedVerdicts | DerivedCopies, by_kind]
