"""Filters that look at the draws of a problem together: each draw by what judges say of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from configs.schema.base import Component

Judges = Annotated[tuple[str, ...], Field(min_length=2)]


class _OfDraws(Component):
    together: bool = Field(
        True,
        description="of a problem, the draws that are named stay all or none; one of them that is not there is missing",
    )


class Order(_OfDraws):
    """Keep samples whose scores by several judges fall strictly: under its own principle a text is likelier than
    under none, and under none than under the other (SSO, arXiv 2410.17131)."""

    kind: Literal["order"] = "order"
    by_draw: dict[str, Judges] = Field(
        min_length=1, description="for samples of a draw, names of judges, the highest score first; other draws stay"
    )


class AboveMean(_OfDraws):
    """Keep samples that a judge scores at least as high as the mean of their draw in the round, of what the filters
    before left (SSO, arXiv 2410.17131). Looks at all problems together."""

    kind: Literal["above_mean"] = "above_mean"
    by_draw: dict[str, str] = Field(
        min_length=1, description="for samples of a draw, name of the judge; other draws stay"
    )
    strict: bool = Field(False, description="true: higher than the mean")
