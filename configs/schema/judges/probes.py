"""Judges that ask follow-up questions, and read the answers as answers rather than as opinions."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import check_pattern, compile_pattern
from configs.schema.drawing import Sampling
from configs.schema.judges.base import JudgeName, ModelJudge, Pass
from configs.schema.marks import Content

OPTIONS_PATTERN = r"(?m)^[ \t]*\(?([A-Z])[).:][ \t]*(.*\S)"
"""`(A) seven`, `A. seven`, `A: seven`, each at the beginning of a line"""


class ProbeJudge(ModelJudge):
    """Questions about each sample whose right answers are known; the score says how many were answered so.

    `items`: what the questions are about. `options`: the problem's, one question each ("is it right?", CREST, arXiv
    2411.06387). `paraphrases`: the other wordings under which the problem was asked in this round. `substitute`: one
    question, about the text or the part of it that `extract` finds (peer counselling, arXiv 2403.15482). `list`: those
    in `texts`.

    `expect`: the answer that counts. `key`: that of the problem; of an option the first of `choices` where it is the
    key, else the second. `same`: what `extract` finds in the sample. `literal`: the text in `literal`.
    """

    kind: Literal["probe"] = "probe"
    name: JudgeName = "probe"
    prompt: Annotated[str, Content("prompt")] = Field(
        "probe_option",
        description="prompt of configs/prompts, or path of a .j2 file; sees prompt, messages, response, item, option",
    )
    items: Literal["options", "paraphrases", "substitute", "list"] = Field(
        "options", description="what is asked about, one question each, as told above"
    )
    of: Literal["sample", "problem"] = Field(
        "sample", description="problem: the sample is not shown, and all samples of a problem have its score"
    )
    options: str = Field(
        OPTIONS_PATTERN, description="two groups: name and text of an option, in the problem's last user message"
    )
    texts: tuple[str, ...] = Field((), description="the items of items: list")
    extract: str | None = Field(
        None, description="one group: a part of the text that is asked about, the last match; default: all of it"
    )
    begins: str = Field("", description="text that the judge's turn begins with, such as an opened JSON field")
    read: Literal["text", "choices"] = Field(
        "text", description="choices: no text is written, the probability of the answer that counts is taken instead"
    )
    choices: tuple[str, ...] = Field(("yes", "no"), min_length=2, description="the answers there are")
    pattern: str | None = Field(
        None, description="one group: the answer, the last match in the judge's text; default: for options the last of "
        "the choices that is named, else the whole text"
    )  # fmt: skip
    words: dict[str, str] = Field(
        {}, description="in place of pattern: by answer a pattern; the first that is found anywhere gives the answer"
    )
    expect: Literal["key", "same", "literal"] = Field("key", description="the answer that counts, as told above")
    literal: str | None = Field(None, description="the answer that counts with expect: literal")
    unparseable: str = Field(
        "miss",
        description="what an answer that cannot be read is: miss, another than counts; skip, left out; or an answer",
    )
    reduce: Literal["count", "share", "min", "mean"] = Field(
        "mean", description="of the items; count and share: those that were answered so, or with more than a half"
    )
    temperature: float = Field(0.0, ge=0, description="of the answers; 0: greedy")
    top_p: float = Field(1.0, gt=0, le=1, description="of the answers; 1: off")
    max_tokens: int = Field(8, ge=1, description="of one answer")
    repeats: int = Field(1, ge=1, description="answers to each question, meaned")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model, which writes, or is asked for the probabilities of the choices."""
        if self.read == "choices":
            return (Pass("", self.role, self.frozen, "logprobs", self.prompt),)
        drawn = Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)
        return (Pass("", self.role, self.frozen, "text", self.prompt, drawn),)

    @property
    def sees_group(self) -> bool:
        """Paraphrases are the chats of the problem's other samples."""
        return self.items == "paraphrases"

    @field_validator("options", "pattern", "extract")
    @classmethod
    def _has_its_groups(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern)

    @field_validator("words")
    @classmethod
    def _are_patterns(cls, words: dict[str, str]) -> dict[str, str]:
        for answer, pattern in words.items():
            try:
                compile_pattern(pattern)
            except ValueError as error:
                raise ValueError(f"{answer}: {error}") from None
        return words

    @model_validator(mode="after")
    def _asks_something(self) -> ProbeJudge:
        if re.compile(self.options).groups != 2:
            raise ValueError("options: needs two groups, name and text of an option: write for example "
                             r"'(?m)^\(([A-E])\) (.+)$'")  # fmt: skip
        if (self.items == "list") != bool(self.texts):
            raise ValueError("texts: the items of items: list: write both, or leave texts out")
        if (self.expect == "literal") != (self.literal is not None):
            raise ValueError("literal: the answer that counts with expect: literal: write both, or leave literal out")
        if self.expect == "same" and (self.extract is None or self.of == "problem" or self.items == "substitute"):
            raise ValueError("expect: same compares with what extract finds in the sample: write extract, leave of: "
                             "problem out, and ask about paraphrases or a list")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _answers_can_be_read(self) -> ProbeJudge:
        known = {"miss", "skip", *self.choices, *self.words, *([self.literal] if self.literal else [])}
        if self.unparseable not in known:
            raise ValueError(f"unparseable: '{self.unparseable}' is no answer: write one of {', '.join(sorted(known))}")
        if self.words and self.pattern is not None:
            raise ValueError("words: they stand in place of pattern: leave one of the two out")
        if self.read == "choices":
            self._check_choices()
        if self.temperature == 0 and self.repeats > 1:
            raise ValueError(f"repeats: temperature 0 gives {self.repeats} times the same: write repeats: 1")
        return self

    def _check_choices(self) -> None:
        if self.repeats > 1 or self.words or self.pattern is not None:
            raise ValueError("repeats, words, pattern: read: choices takes probabilities, and no text is written: "
                             "leave them out")  # fmt: skip
        if self.literal is not None and self.literal not in self.choices:
            raise ValueError(f"literal: '{self.literal}' is none of the choices: write one of "
                             f"{', '.join(self.choices)}, or add it to choices")  # fmt: skip
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("choices: two of them are the same: write each once")
