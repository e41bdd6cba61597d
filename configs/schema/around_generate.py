"""The sections that stand around `generate`: problems that the model invents, help with what it does not solve, and the
calibration of how it draws."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from configs.schema.base import Component, check_pattern
from configs.schema.draws.draw import HELP_WORDS
from configs.schema.draws.fewer import TakesFewerDraws
from configs.schema.marks import Content


class SelfInstruct(Component):
    """Problems that the model writes itself, from examples (Self-Rewarding, arXiv 2401.10020; few-shot as in
    Self-Instruct, arXiv 2212.10560). They take the place of the train problems in every round.

    Defaults: 8 examples, 6 of them train problems and 2 written by the model before.
    """

    num_prompts: int = Field(ge=1, description="problems wanted in a round; fewer if the filters leave fewer")
    seed_examples: int = Field(6, ge=1, description="train problems shown in a prompt")
    own_examples: int = Field(
        2, ge=0, description="earlier problems of the model shown in a prompt; while it has fewer, train problems"
    )
    prompt: Annotated[str, Content("prompt")] = Field(
        "self_instruct", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(r"(?s)^\s*(.+?)\s*$", description="the problem is this pattern's first group")
    temperature: float = Field(0.6, gt=0, description="of the draws")
    top_p: float = Field(0.9, gt=0, le=1, description="as in generate; 1: off")
    max_tokens: int = Field(256, ge=1, description="of a written problem")
    max_rouge: float = Field(0.7, gt=0, le=1, description="most ROUGE-L to any earlier problem")
    forbidden: tuple[str, ...] = Field(
        ("image", "picture", "graph", "file", "draw"), description="words of no use in text"
    )
    min_chars: int = Field(10, ge=1, description="shortest problem kept, in characters")
    max_chars: int = Field(1000, ge=1, description="longest problem kept, in characters")
    max_attempts: int = Field(4, ge=1, description="draws for each problem wanted, at most")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return check_pattern(pattern)


class Guide(TakesFewerDraws, Component):
    """More samples for problems that were solved too rarely, with help that is removed before training.

    `answer`: the gold answer stands in the prompt as a hint (STaR, arXiv 2203.14465). `rationale`: the gold solution
    does. `state_reset`: the model goes on from the beginning of the gold solution. `interactive`: a teacher comments on
    a failed try. The last three: GSI (arXiv 2411.00750), whose defaults are min_correct 4 and max_extra 8.
    """

    accepted_field: ClassVar[str | None] = "min_correct"
    kind: Literal["answer", "rationale", "state_reset", "interactive"] = "answer"
    prompt: Annotated[str | None, Content("prompt")] = Field(
        None,
        description="prompt of configs/prompts, or path of a .j2 file; default: by kind; interactive: the teacher's",
    )
    min_correct: int = Field(1, ge=1, description="problems with fewer correct samples are guided")
    max_extra: int = Field(1, ge=1, description="guided tries of a problem, at most")
    temperature: float | None = Field(None, ge=0, description="default: generate.temperature")
    prefix_share: float = Field(0.5, gt=0, lt=1, description="state_reset: share of the gold solution that is given")
    role: Annotated[str, Content("model")] = Field("policy", description="interactive: who comments")
    leak_words: tuple[str, ...] = Field(
        HELP_WORDS,
        description="a guided sample with one of these, or a word of the help's own prompt, is dropped; []: none is",
    )


class Balance(Component):
    """B-STaR's calibration (arXiv 2412.17256): each round picks temperature and reward threshold by the balance score

    bs_i = min(n'_i / n*, 1) * n'_i / n_i, with n_i samples kept of problem i and n'_i of them correct and distinct,
    meaned over a fixed probe set; n* = ceil(target / problems that a round samples). Of equals the lower temperature
    wins, then the higher threshold.
    """

    kind: Literal["balance"] = "balance"
    temperatures: tuple[float, ...] = Field(
        (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2), min_length=1, description="those tried"
    )
    thresholds: tuple[float, ...] = Field(
        tuple(round(-1 + 0.1 * i, 1) for i in range(21)),
        min_length=1,
        description="those tried, on the scale of the judge's score",
    )
    probe_problems: int = Field(600, ge=1, description="train problems in the fixed probe set")
    num_samples: int = Field(64, ge=1, description="draws of each probe problem at each temperature")
    target: int = Field(67_500, ge=1, description="training examples wanted in a round; the paper's for MATH")
    judge: str | None = Field(None, description="judge whose score is compared with the threshold; default: the last")
