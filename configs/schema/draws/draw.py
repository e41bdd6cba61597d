"""One variant of how a problem is drawn: who writes, in which state, what he is shown, and how often.

Used by `IndependentGenerate` in generate.py; rules with other sections of the recipe stand in rules.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import compile_pattern
from configs.schema.changed_sampling import ChangedSampling
from configs.schema.marks import Content
from configs.schema.revision.parts import POLICY, State, Writer

PLAIN, AS_SAMPLED = "plain", "as_sampled"
"""what `stored_prompt` may say in place of a prompt; the first is the name of the sampler's own setting, too"""
HELPED = {"answer": "hinted", "rationale": "guided", "state_reset": "guided", "interactive": "guided"}
"""the draw of guided samples, by the kind of guide"""
TAKEN = ("iid", "revised", *HELPED.values())
"""words that samples are counted under already"""
SHOWN: dict[str, tuple[str, ...]] = {"none": (), "answer": ("answer",), "solution": ("answer", "solution")}
"""by what a draw sees, the names that its prompts may use beside the problem's own"""
HELP_WORDS = ("hint", "the answer given", "given answer")
"""by default, what gives help away"""
MOST_TEXTS = 100_000
"""of one problem; more is a slip of the keyboard"""
Count = Annotated[int, Field(ge=0)]


class Draw(ChangedSampling):
    """One variant of a problem: a prompt, a system text, a model or sampling of its own.

    Its prompts may use prompt (the last user turn), messages, system (the problem's own, or nothing), variant (from 1),
    and what it sees. What it is asked is not what it is trained under: see `stored_prompt`. The draw `plain` is the
    problem as it is, at the sampler's own setting.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="what samples, judges and filters call it; unique")
    role: str = Field(POLICY, description="who writes: policy, or an entry of roles")
    state: State = Field("round_start", description="of the policy, or of a role that learns")
    system: Annotated[str | None, Content("prompt")] = Field(
        None,
        description="prompt of configs/prompts, or path of a .j2 file: the system turn, in place of the problem's",
    )
    prompt: Annotated[str | None, Content("prompt")] = Field(
        None, description="prompt of configs/prompts, or path of a .j2 file: it takes the place of the last user turn"
    )
    sees: Literal["none", "answer", "solution"] = Field(
        "none", description="what its prompts show that no model has at test time; solution: the answer, too"
    )
    variants: int = Field(1, ge=1, description="how often the prompt is written, with variant 1, 2, ...; draws of each")
    stored_prompt: Annotated[str | None, Content("prompt")] = Field(
        None,
        description="what training shows: plain (the problem's chat), as_sampled, or a prompt in place of the last "
        "user turn; default: plain. A draw that sees something says it",
    )
    num_samples: Annotated[tuple[Count, ...], Field(min_length=1)] | None = Field(
        None, description="draws of each variant, or a list by round, the last one goes on; default: the sampler's"
    )
    strip: tuple[str, ...] = Field(
        (), description="patterns cut out of a text before it is stored, such as openings that give the prompt away"
    )
    leak_words: tuple[str, ...] | None = Field(
        None,
        description="a text with one of these is dropped before all filters; default: those of guide.leak_words where "
        "it sees something, else none",
    )

    @field_validator("num_samples", mode="before")
    @classmethod
    def _one_for_all_rounds(cls, told: Any) -> Any:
        return [told] if isinstance(told, (int, float, str)) else told

    @field_validator("strip")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            compile_pattern(pattern)
        return patterns

    @model_validator(mode="after")
    def _fits_together(self) -> Draw:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    @property
    def writer(self) -> Writer:
        """Who writes it."""
        return Writer(self.role, self.state)

    @property
    def is_steered(self) -> bool:
        """Whether it is asked something else than the problem's chat."""
        return self.prompt is not None or self.system is not None

    @property
    def words(self) -> tuple[str, ...]:
        """What no stored text of it may say."""
        default = HELP_WORDS if self.sees != "none" else ()
        return default if self.leak_words is None else self.leak_words

    def texts_in(self, round: int, default: int) -> int:
        """Texts of a problem in a round, all variants together.

        Args:
            default: draws where it says no number.
        """
        told = self.num_samples or (default,)
        return self.variants * told[min(max(round, 1), len(told)) - 1]

    def most_of_variant(self, default: int) -> int:
        """Draws of one variant in the round that has most; argument as of `texts_in`."""
        return max(self.num_samples or (default,))


def _problems(draw: Draw) -> Iterator[str]:
    """What does not fit together in one draw, in words."""
    if draw.name in TAKEN:
        yield f"name: samples are counted under '{draw.name}' already: choose another"
    is_own = draw.is_steered or draw.changed_sampling or draw.strip or draw.words or draw.variants > 1
    if draw.name == PLAIN and (is_own or draw.writer != Writer(POLICY, "round_start")):
        yield (
            f"name: '{PLAIN}' is the problem as it is, by the policy, at the sampler's own setting: give this draw "
            "another name, or leave all but num_samples out"
        )
    if not draw.is_steered:
        for field, is_told in (("variants", draw.variants > 1), ("sees", draw.sees != "none"),
                               ("stored_prompt", draw.stored_prompt is not None)):  # fmt: skip
            if is_told:
                yield f"{field}: it is asked the problem as it is: write a prompt or a system, or leave {field} out"
    if draw.sees != "none" and draw.stored_prompt in (None, AS_SAMPLED):
        told = "there is no stored_prompt" if draw.stored_prompt is None else "training would show that"
        yield (
            f"stored_prompt: it sees the {draw.sees}, which no model has at test time, and {told}: write "
            "stored_prompt: plain, or a prompt without it"
        )


def problems_of_draws(draws: Sequence[Draw], num_samples: int, temperature: float) -> Iterator[str]:
    """What does not fit together in a list of draws, in words.

    Args:
        num_samples, temperature: of the sampler, for draws that say none.
    """
    names = [draw.name for draw in draws]
    for place, draw in enumerate(draws):
        number = draw.most_of_variant(num_samples)
        if draw.name in names[:place]:
            yield f"draws.{place}.name: two draws are called '{draw.name}': give each its own name"
        if number > 1 and (temperature if draw.temperature is None else draw.temperature) == 0:
            yield _with_place(
                draw,
                place,
                f"temperature 0 draws the same text {number} times: write num_samples: 1, or a temperature above 0",
            )
    rounds = max(len(draw.num_samples or ()) for draw in draws)
    for round in range(1, max(rounds, 1) + 1):
        total = sum(draw.texts_in(round, num_samples) for draw in draws)
        if not total:
            yield f"draws: nothing is drawn in round {round}: write a num_samples above 0 for one of them"
        if total > MOST_TEXTS:
            yield f"draws: one problem may be asked for more than {MOST_TEXTS:,} texts: write a smaller num_samples"


def _with_place(draw: Draw, place: int, problem: str) -> str:
    """Of the sampler's own setting nobody wrote a draw."""
    return problem if draw == Draw(name=PLAIN) else f"draws.{place}: {problem}"
