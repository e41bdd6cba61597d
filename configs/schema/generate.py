"""How samples are drawn: a class for each sampler."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from configs.schema.base import by_kind, default_kind
from configs.schema.drawing import Drawing, WholeTexts
from configs.schema.draws.adaptive import Adaptive, problems_of_adaptive
from configs.schema.draws.draw import MOST_TEXTS, PLAIN, Draw, problems_of_draws
from configs.schema.draws.marker import Marker
from configs.schema.marks import Content, Later
from configs.schema.revision.parts import FirstAttempts, Stop, Writer
from configs.schema.revision.sampler import ReviseStep, check_steps

MOST_TURNS = 1000


class IndependentGenerate(WholeTexts):
    """`num_samples` independent draws for every problem; with `draws` as many of each of them.

    Defaults: ReST-EM on MATH (arXiv 2312.06585): 32 samples, temperature 0.7, top-k 40.
    """

    kind: Literal["independent"] = "independent"
    num_samples: int = Field(32, ge=1, le=MOST_TEXTS, description="draws of each problem")
    top_k: int = Field(40, ge=0, description="0: off")
    draws: tuple[Draw, ...] = Field(
        (Draw(name=PLAIN),),
        min_length=1,
        description="variants of each problem: other prompts, system texts, models, states or sampling",
    )
    adaptive: Annotated[Adaptive | None, Later] = Field(
        None, description="no more draws of a problem once enough are accepted; default: all are drawn"
    )

    @model_validator(mode="after")
    def _draws_fit(self) -> IndependentGenerate:
        for problem in problems_of_draws(self.draws, self.num_samples, self.temperature):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _waves_can_save(self) -> IndependentGenerate:
        for problem in problems_of_adaptive(self.adaptive, self.draws, self.num_samples) if self.adaptive else ():
            raise ValueError(problem)
        return self

    @property
    def writers(self) -> tuple[Writer, ...]:
        """All that write besides the policy as it is in the round."""
        return tuple(dict.fromkeys(draw.writer for draw in self.draws if draw.writer.name != "policy"))

    @property
    def stopping(self) -> Adaptive | None:
        """`adaptive`."""
        return self.adaptive

    def texts_in(self, round: int) -> int:
        """Draws of one problem in a round; the most, where it may stop."""
        return sum(draw.texts_in(round, self.num_samples) for draw in self.draws)


class StepwiseGenerate(Drawing):
    """Step by step: `width` candidates for the next step, compared by the recipe's pairwise judge; the best is kept and
    continued, and each step's candidates are a problem of their own (Process-based Self-Rewarding, arXiv 2503.03746).
    """

    makes_problems: ClassVar[bool] = True
    kind: Literal["stepwise"] = "stepwise"
    width: int = Field(6, ge=2, description="candidates for each step")
    max_steps: int = Field(20, ge=1, description="steps asked for in a solution, those taken back included")
    step_end: str = Field("\n", min_length=1, description="text that ends a step")
    temperature: float = Field(0.5, gt=0, description="of the candidates")
    top_p: float = Field(0.95, gt=0, le=1, description="of the candidates; 1: off")

    @property
    def num_samples(self) -> int:
        """Most samples of one problem."""
        return self.width * self.max_steps

    @property
    def parts(self) -> frozenset[str]:
        """Steps, each chosen among others."""
        return frozenset({"step"})


class ReviseGenerate(WholeTexts):
    """First attempts at every problem, and revisions of them: after an attempt the texts of `steps` are written, of
    which the last is the next attempt. Judges look at all attempts; other texts stand in their chains.

    Defaults: one revision of one attempt, as in STaSC (arXiv 2503.08681).
    """

    kind: Literal["revise"] = "revise"
    num_samples: int = Field(1, ge=1, le=MOST_TEXTS, description="first attempts")
    first: FirstAttempts = Field(FirstAttempts(), description="who writes first attempts, and which are revised")
    steps: tuple[ReviseStep, ...] = Field(
        (ReviseStep(name="attempt", part="attempt"),), description="the texts of one revision, in order"
    )
    max_turns: int = Field(2, ge=1, le=MOST_TURNS, description="attempts in a chain, the first included")
    until: tuple[Stop, ...] = Field((), description="what ends a chain early: any of these")

    @model_validator(mode="after")
    def _steps_fit(self) -> ReviseGenerate:
        if self.temperature == 0 and self.num_samples > 1:
            raise ValueError(
                f"temperature 0 draws the same first attempt {self.num_samples} times: "
                "write num_samples: 1, or a temperature above 0"
            )
        check_steps(self.steps, self.until, self.temperature)
        if self.most_texts > MOST_TEXTS:
            raise ValueError(
                f"one problem may be asked for more than {MOST_TEXTS:,} texts: write a smaller num or max_turns"
            )
        return self

    @property
    def all_stops(self) -> tuple[str, ...]:
        return (*self.stop, *(text for step in self.steps for text in step.stop or ()))

    @property
    def writers(self) -> tuple[Writer, ...]:
        """All that write besides the policy as it is in the round."""
        all_of_them = [self.first_writer, *(writer for step in self.steps for writer in step.writers)]
        return tuple(dict.fromkeys(one for one in all_of_them if one.name != "policy"))

    @property
    def most_texts(self) -> int:
        """Texts that models are asked for in one problem, where every gate is open and nothing ends a chain."""
        total = chains = self.num_samples
        for step in self.steps * (self.max_turns - 1):
            shown = self.num_samples if step.peers is None else min(step.peers, self.num_samples)
            drawn = chains * step.num * max(len(step.writers), 1) * shown
            total += drawn if step.writers else 0
            kept = step.keep and (step.keep.true_verdict or step.keep.first or step.keep.n)
            chains = min(drawn, chains * kept) if kept else drawn
        return total

    @property
    def first_writer(self) -> Writer:
        """Who writes the first attempts."""
        return Writer(self.first.by, self.first.state, self.first.redraw)

    @property
    def parts(self) -> frozenset[str]:
        """Attempts and, where there is a second turn, what the steps write."""
        steps = self.steps if self.revises else ()
        return frozenset({"attempt", *(part for step in steps for part in (*step.parts, step.part))})

    @property
    def revises(self) -> bool:
        """Not with one turn."""
        return self.max_turns > 1


class InlineGenerate(WholeTexts):
    """Whole episodes in one text: the policy writes attempts, verdicts and further attempts without being asked in
    between, and markers cut them apart (SPOC, arXiv 2506.06923; S2R, 2502.12853; ReflexiCoder, 2603.05863). For
    `online.episode` alone.

    Judges look at every attempt; the probe and evaluations at the whole text.
    """

    kind: Literal["inline"] = "inline"
    num_samples: int = Field(8, ge=1, le=MOST_TEXTS, description="texts of each problem")
    temperature: float = Field(1.0, ge=0, description="0: greedy")
    markers: tuple[Marker, ...] = Field(min_length=1, description="where parts begin")
    stop_on: Literal["right", "wrong"] | None = Field(
        None, description="what is written behind the first verdict that says so is cut off, and not trained on"
    )

    @model_validator(mode="after")
    def _stops_on_what_is_read(self) -> InlineGenerate:
        if self.stop_on is not None and all(marker.part != "verdict" for marker in self.markers):
            raise ValueError("stop_on: no marker begins a verdict: add one with part: verdict, or leave stop_on out")
        return self

    @property
    def parts(self) -> frozenset[str]:
        """What markers begin, and the attempt before the first of them."""
        return frozenset({"attempt", *(marker.part for marker in self.markers)})

    @property
    def revises(self) -> bool:
        """Where a marker begins another attempt."""
        return any(marker.part == "attempt" for marker in self.markers)


class PrefixGenerate(Drawing):
    """Wrong steps and their corrections: after the first steps of a problem's worked solution other next steps are
    drawn, and one is wrong if none of `rollouts` continuations of it is right (S3c-Math, arXiv 2409.01524). After a
    wrong step somebody says what is wrong with it, and the solution goes on. The first judge compares with gold.

    The paper's numbers of steps and continuations are not given where it was read.
    """

    kind: Literal["prefix"] = "prefix"
    width: int = Field(4, ge=1, le=MOST_TEXTS, description="other next steps drawn of each problem, at one place")
    rollouts: int = Field(8, ge=1, le=MOST_TEXTS, description="continuations of each of them")
    step_end: str = Field("\n", min_length=1, description="text that ends a step, of the solution and of the model")
    critic: str = Field("policy", description="who says what is wrong with a step: policy, or an entry of roles")
    prompt: Annotated[str, Content("prompt")] = Field(
        "reflect_on_step",
        description="prompt of configs/prompts, or path of a .j2 file, for the critic: it may use prompt, steps, step "
        "and solution; training never shows it",
    )
    temperature: float = Field(0.7, gt=0, description="of steps, continuations and critiques")

    @property
    def num_samples(self) -> int:
        """Most texts of one problem."""
        return self.width * (2 + self.rollouts)

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The critic, where it is a role."""
        return () if self.critic == "policy" else (Writer(self.critic, "round_start"),)

    @property
    def parts(self) -> frozenset[str]:
        """The wrong step as an attempt, what is said of it, and the rest of the solution as another attempt."""
        return frozenset({"attempt", "critique"})

    @property
    def revises(self) -> bool:
        """Always."""
        return True


Edit = Literal["values", "value", "substitution", "deletion", "operator", "swap", "adjective"]
GIVEN_AWAY = ("mistake", "incorrect", "incorrectly", "wrong", "wrongly", "error", "let's correct", "correction")
"""words with which an edit says itself that it is one"""


class EditGenerate(Drawing):
    """Attempts, and one step of a right one that the model spoils by itself (RISE, arXiv 2410.06638). The step as it
    was and as it is now are the right and the wrong sample of a problem of their own, `PROBLEM#1`, after the steps
    before. The first judge compares with gold.

    The model is shown the step, its last four sentences at most, and told how to change it: by one of the `edits` that
    fit. Several numbers: values; one: value. An equals sign: substitution, deletion, operator, swap too. Neither:
    adjective. An edit that changes nothing or gives itself away is dropped; so is one from which a continuation still
    ends right.
    """

    makes_problems: ClassVar[bool] = True
    kind: Literal["edit"] = "edit"
    num_samples: int = Field(8, ge=1, le=MOST_TEXTS, description="attempts at each problem")
    temperature: float = Field(0.2, gt=0, description="of attempts and continuations")
    top_p: float = Field(0.9, gt=0, le=1, description="of attempts and continuations; 1: off")
    step_end: str = Field("\n", min_length=1, description="text that ends a step of an attempt")
    edits: tuple[Edit, ...] = Field(
        get_args(Edit), min_length=1, description="ways to spoil a step; one of those that fit is drawn by seed"
    )
    edit_temperature: float = Field(0.0, ge=0, description="of the edit")
    prompt: Annotated[str, Content("prompt")] = Field(
        "spoil_step",
        description="prompt of configs/prompts, or path of a .j2 file: it may use prompt, steps, step and edit; "
        "training never shows it",
    )
    leak_words: tuple[str, ...] = Field(
        GIVEN_AWAY, description="an edit with one of these, which the problem does not have, gives itself away"
    )
    rollouts: int = Field(
        4, ge=0, le=MOST_TEXTS, description="continuations of an edit, of which none may be right; 0: nobody looks"
    )

    @property
    def parts(self) -> frozenset[str]:
        """Attempts, and a step of one as it was and as it is now."""
        return frozenset({"attempt", "step"})


Generate = Annotated[
    IndependentGenerate | StepwiseGenerate | ReviseGenerate | InlineGenerate | PrefixGenerate | EditGenerate,
    by_kind,
    default_kind("independent"),
]
