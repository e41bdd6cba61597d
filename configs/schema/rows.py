"""What a kept sample is written as for training on single texts: SFT and KTO. Pairs are made by `pair`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.chains import REVISION, Part, ReadsChains, link_needs


class LossByPart(Component):
    """Factor of the loss of each part of a chain; 0: the part is shown and not learnt.

    What an environment or an execution said, and what was given to the writer, always has 0. The defaults leave out
    wrong attempts and learn what corrects them, as self-rewarding correction (arXiv 2502.19613), S2R (arXiv 2502.12853)
    and ISC (arXiv 2401.07301) do.
    """

    attempt_wrong: float = Field(0.0, ge=0, description="what the judge does not call right")
    attempt_right_earlier: float = Field(0.0, ge=0, description="right, and another attempt follows")
    attempt_right_last: float = Field(1.0, ge=0, description="right, and no attempt follows")
    verdict_true: float = Field(1.0, ge=0, description="it says what the judge says of the attempt before it")
    verdict_false: float = Field(0.0, ge=0, description="it says otherwise, or nothing that could be read")
    critique: float = Field(1.0, ge=0, description="what is said about an attempt")
    hint: float = Field(1.0, ge=0, description="help that the model wrote")
    action: float = Field(1.0, ge=0, description="a call of a tool or an environment")

    def needs(self) -> Iterator[tuple[str, str]]:
        """What the factors that differ from the defaults are of, as `ReadsChains.chain_needs` says it."""
        default = LossByPart()
        for field in LossByPart.model_fields:
            if getattr(self, field) != getattr(default, field):
                part = field.split("_")[0]
                wanted = REVISION if field == "attempt_right_earlier" else part
                yield f"loss.{field}", wanted


class _Row(ReadsChains, Component):
    judge: str | None = Field(None, description="the judge that says which attempts are right; default: the first")


Links = dict[Part, tuple[str, ...]]
_LINKS = "texts put before a part, by part; one is drawn for each row. The first part of a row has none"


class AnswerRow(ReadsChains, Component):
    """The problem's chat, completed by the sample's text, whatever chain led to it. `train.formats` writes it in
    several ways."""

    kind: Literal["answer"] = "answer"
    given: float = Field(1.0, ge=0, description="factor of the loss of a guided sample's given beginning")


class MaskInput(Component):
    """Words of wrong attempts, where they are shown, that are replaced: a model that reads them can't copy them (CYCLE,
    arXiv 2403.18746). The loss is not touched."""

    share: float = Field(0.05, gt=0, le=1, description="of the words of each, rounded down")
    text: str = Field("<mask>", description="what stands in their place")
    judge: str | None = Field(None, description="the judge that says which attempts are wrong; default: the first")


class TurnRow(ReadsChains, Component):
    """One turn of a chain, completed by what was written in it: all that was shown before, then the last parts named.

    Of several parts each is the last one before the next; they make one completion, joined by `links`. A chain that
    lacks a part makes no row.
    """

    kind: Literal["turn"] = "turn"
    of: tuple[Part, ...] = Field(
        ("attempt",), min_length=1, description="parts that are learnt, in the order of the chain"
    )
    context: Literal["chat", "single"] = Field(
        "chat", description="single: of what was shown only system turns and the last user turn"
    )
    links: Links = Field({}, description=_LINKS)
    mask_input: MaskInput | None = Field(None, description="hides words of wrong attempts that are shown")

    @property
    def judge(self) -> str | None:
        """The judge that it reads."""
        return self.mask_input.judge if self.mask_input else None

    @model_validator(mode="after")
    def _somebody_wrote_it(self) -> TurnRow:
        for part in ("execution", "observation"):
            if part in self.of:
                raise ValueError(f"of: an {part} is what came out of a run, and no words of a model: it is shown, and "
                                 "not learnt: leave it out")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _links_stand_before_a_part(self) -> TurnRow:
        for part in self.links:
            if part not in self.of[1:]:
                raise ValueError(f"links: nothing stands between a text before and the {part} of this row: it is made "
                                 f"of {', '.join(self.of)}, and the first has no link: leave {part} out")  # fmt: skip
        return self

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield from (("of", part) for part in self.of)
        if self.of.count("attempt") > 1:
            yield "of", REVISION
        if self.mask_input is not None:
            yield "mask_input", REVISION


class ConversationRow(_Row):
    """One row for each turn of a chain that has a loss: all that was shown before it, completed by the turn."""

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["conversation"] = "conversation"
    loss: LossByPart = Field(LossByPart(), description="factor of the loss by part")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        return self.loss.needs()


class SpliceRow(_Row):
    """The problem's chat, completed by the whole chain as one text: attempts, verdicts and corrections in order."""

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["splice"] = "splice"
    loss: LossByPart = Field(LossByPart(), description="factor of the loss by part")
    links: Links = Field({}, description=_LINKS)
    given: float = Field(
        0.0,
        ge=0,
        description="factor of the loss of what was given to a writer: what a prompt put into the turn (form: "
        "inline), the right steps before a wrong one",
    )
    stop_text: str = Field("", description="put after the last part, with its weight")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield from self.loss.needs()
        yield from link_needs(self.links)


class ImprovementRow(_Row):
    """A row for each worse answer of the problem: what its reviser was shown of it, completed by the kept answer,
    whatever chain led to that (Self-Correction, arXiv 2211.00053). Answers that nobody was asked to revise are not
    shown. Better is what `gain` calls better."""

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    kind: Literal["improvement"] = "improvement"
    above: float = Field(0.0, ge=0, description="the score must be higher by more than this")
    per_answer: int | None = Field(
        10, ge=1, description="most rows of one kept answer, the worse ones drawn by seed; null: all"
    )


class TrajectoryRow(_Row):
    """The problem's chat, completed by the whole chain as one text, with an advantage for each attempt and verdict that
    a model wrote, for the objective `offline_pg` (S2R, arXiv 2502.12853). Links, text that was given, and all other
    parts are shown and not learnt.

    `process`: +1 for a right attempt or a true verdict, -1 otherwise, less the mean reward of its group; 0 where the
    group has fewer than `min_group`. Then times `change_bonus` for an attempt that changes whether it is right, and
    times `right_verdict_bonus` for a verdict on a right attempt. `outcome`: +1 or -1 for all, as the last attempt is.
    """

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["trajectory"] = "trajectory"
    reward: Literal["process", "outcome"] = Field("process", description="as told above")
    group: Literal["position", "prefix"] = Field(
        "position", description="parts of a group stand at one place, or after the same right and wrong parts"
    )
    same_rate: bool = Field(True, description="of a group are only problems with as many right first attempts")
    min_group: int = Field(10, ge=1, description="smaller groups have no baseline, and their parts no advantage")
    change_bonus: float = Field(2.0, ge=0, description="factor for attempts that become right, or wrong")
    right_verdict_bonus: float = Field(2.0, ge=0, description="factor for verdicts on right attempts")
    links: Links = Field({}, description=_LINKS)

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        return link_needs(self.links)


RowKind = Annotated[
    AnswerRow | TurnRow | ConversationRow | SpliceRow | ImprovementRow | TrajectoryRow, by_kind
]  # fmt: skip

DEFAULT_ROWS: tuple[RowKind, ...] = (AnswerRow(),)
