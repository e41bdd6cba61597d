"""What all samplers share: the settings of a draw, which problems a round samples, and what texts may hold."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component
from configs.schema.draws.adaptive import Adaptive
from configs.schema.interpreter import Interpreter, check_opening, check_stop
from configs.schema.marks import Execution, Later
from configs.schema.problems import Source
from configs.schema.repetition import Repetition
from configs.schema.revision.parts import Writer


class Sampling(Component):
    """Settings of one draw. Temperature 0 is greedy."""

    temperature: float = Field(0.7, ge=0, description="0: greedy")
    top_p: float = Field(
        1.0, gt=0, le=1, description="tokens are drawn from the likeliest that add up to this probability; 1: off"
    )
    top_k: int = Field(0, ge=0, description="0: off")
    min_p: float = Field(
        0.0, ge=0, le=1, description="tokens below this share of the likeliest one's probability are not drawn; 0: off"
    )
    max_tokens: int = Field(512, ge=1, description="a sample that reaches it is truncated, and never correct")
    stop: tuple[str, ...] = Field((), description="texts that end a sample; they are not part of it")
    repetition: Annotated[Repetition | None, Later] = Field(
        None, description="ends texts that say the same over and over, as truncated ones; default: they go on"
    )

    def sampling(self) -> Sampling:
        """The settings of one draw alone."""
        return Sampling(**{name: getattr(self, name) for name in Sampling.model_fields})


class Ladder(Component):
    """Climb in difficulty: round t samples the train problems whose tag says start + step * (t - 1)
    (easy-to-hard, arXiv 2502.01612)."""

    tag: str = Field("digits", description="a tag of the train problems that holds a whole number")
    start: int = Field(description="the tag's value in round 1")
    step: int = Field(1, ge=1, description="what the value rises by a round")


class FewShot(Component):
    """Worked examples shown before every problem that a round samples, as turns of the chat: the first of the source
    that are not the problem itself. Training, judges and evaluation see the problem without them. LMSI (arXiv
    2210.11610), STaR (arXiv 2203.14465) and ReST-EM (arXiv 2312.06585) draw so.
    """

    count: int = Field(ge=1, description="examples before each problem")
    source: Source = Field(description="problems with worked solutions, none of the select or report set")
    rounds: int | None = Field(None, ge=1, description="shown in the first rounds only; default: in all")


class Drawing(Sampling):
    makes_problems: ClassVar[bool] = False
    """whether samples answer problems of their own, which the step publishes"""
    num_problems: int | None = Field(None, ge=1, description="train problems a round samples; default: all")
    order: Literal["random", "next"] = Field("random", description="next: the slice after the round before's")
    ladder: Ladder | None = Field(
        None, description="climb in difficulty: a round samples the problems of one value of a tag"
    )
    few_shot: FewShot | None = Field(None, description="worked examples shown before each problem, and not trained on")
    shard_size: Annotated[int, Execution] = Field(
        64, ge=1, description="requests that are published together: what a kill can cost"
    )
    judge_meanwhile: Annotated[bool | None, Execution] = Field(
        None,
        description="judges by rule look at samples while others are drawn; default: where the model that draws leaves "
        "this machine's processors idle, on a GPU or behind a server",
    )

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The models that write texts beside the policy as it is in the round, each once."""
        return ()

    @property
    def stopping(self) -> Adaptive | None:
        """What ends a problem before all its draws are drawn; None: nothing does."""
        return None

    @property
    def parts(self) -> frozenset[str]:
        """The parts that its texts can be."""
        return frozenset({"attempt"})

    @property
    def revises(self) -> bool:
        """Whether an attempt can follow another one in its chain."""
        return False


class WholeTexts(Drawing):
    """What samplers share that draw texts from their beginning to their end."""

    interpreter: Interpreter | None = Field(
        None, description="Python that the policy writes is run, and its output stands in the text; default: it is not"
    )

    @model_validator(mode="after")
    def _blocks_end_apart(self) -> WholeTexts:
        if self.interpreter is not None:
            for stop in self.all_stops:
                check_stop(stop, self.interpreter)
            for stop in self.stop:
                check_opening(stop, self.interpreter)
        return self

    @property
    def all_stops(self) -> tuple[str, ...]:
        """Texts that end some draw."""
        return self.stop
