"""Kinds of pairs that are made of chains: revisions, siblings, and where a chain ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from configs.schema.chains import REVISION, Part, link_needs
from configs.schema.pair_options import PairOptions
from configs.schema.rows import Links


class Revision(PairOptions):
    """The last attempt of a chain against the one before it, or the first, where a judge scores it higher.

    Context `problem`: the problem's chat. `revise`: what the reviser was shown (EVOLVE, arXiv 2502.05605, trains both;
    Self-Refinement Tuning, arXiv 2406.07168, the first). A pair a context.
    """

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    kind: Literal["revision"] = "revision"
    judge: str | None = Field(None, description="a judge's name; default: the last judge")
    contexts: tuple[Literal["problem", "revise"], ...] = Field(
        ("problem",), min_length=1, description="under which chats; a pair each"
    )
    against: Literal["parent", "root"] = Field("parent", description="the attempt before it, or the first")
    min_margin: float = Field(0.0, ge=0, description="the score must rise, and at least by this")


class Siblings(PairOptions):
    """Two ways in which a chain goes on after the same text: one that ends right against one that ends wrong, from the
    last text of a part on (self-rewarding correction, arXiv 2502.19613)."""

    reads_first_judge: ClassVar[bool] = True
    kind: Literal["siblings"] = "siblings"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    part: Part = Field("attempt", description="where the two part: both have the text before it in common")
    by_writer: tuple[str, str] | None = Field(
        None, description="the right side is written by the first, the other by the second, such as [teacher, policy]"
    )
    per_parent: int | None = Field(1, ge=1, description="pairs after one text, drawn by seed; null: all")
    links: Links = Field({}, description="texts put before a part, by part; the first part of a side has none")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield "part", REVISION if self.part == "attempt" else self.part
        yield from link_needs(self.links)


class StopOrGo(PairOptions):
    """Whether to go on after an attempt (ReVISE, arXiv 2502.14565): after a right one the end is preferred to `token`,
    after a wrong one `token`, with what follows it, to the end."""

    sets_samples: ClassVar[bool] = False
    has_answers: ClassVar[bool] = False
    reads_first_judge: ClassVar[bool] = True
    kind: Literal["stop_or_go"] = "stop_or_go"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    token: str = Field("\n\nThis needs another look.\n\n", min_length=1, description="text that means: I go on")
    go_on: Literal["nothing", "solution", "revision"] = Field("nothing", description="what follows the token")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        if self.go_on == "revision":
            yield "go_on", REVISION
