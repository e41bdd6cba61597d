"""Who is set against whom, for objectives that train on pairs. Acts on what `select` left."""

from __future__ import annotations

from math import isclose
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.pair_options import PairOptions
from configs.schema.rows import Links, Part


class BestVsWorst(PairOptions):
    """Pairs by score; one a problem, unless the rule is `all`: `rule` says which two.

    `max_min`: best against worst. `max_max`: best against second. `max_random`: best against the first sample (the
    second where the first is best). `random`: the first two, the better one chosen. `all`: each against every one that
    scores lower, of which `per_problem` are drawn at random. Equal scores make no pair.
    `length_penalty` is subtracted a character (`search`: the value of a grid that evens out the mean lengths, DICE,
    arXiv 2406.09760). Rules and names: RLHF Workflow (arXiv 2405.07863); Self-Rewarding (arXiv 2401.10020) takes
    `max_min`.
    """

    kind: Literal["best_vs_worst"] = "best_vs_worst"
    judge: str | None = Field(None, description="a judge's name; default: the last judge")
    rule: Literal["max_min", "max_max", "max_random", "random", "all"] = Field(
        "max_min", description="which two samples, as told above"
    )
    among: Literal["all", "correct"] = Field(
        "all", description="correct: only samples that the recipe's first judge calls correct (CREST, arXiv 2411.06387)"
    )
    per_problem: int | None = Field(
        10, ge=1, description="read by rule: all only: most pairs of one problem; none: all"
    )
    min_margin: float = Field(0.0, ge=0, description="the score difference must be above 0, and at least this")
    ties: Literal["drop", "lowest_spread", "first"] = Field(
        "lowest_spread", description="several samples share the best or worst score: drop the problem, take the one "
        "its judge was surest of, or the first"
    )  # fmt: skip
    length_penalty: float | Literal["search"] = Field(
        0.0, description="subtracted from the score for each character; search: found on a grid"
    )
    min_scored: int = Field(2, ge=2, description="problems with fewer scored samples make no pair")

    @property
    def most_per_problem(self) -> int | None:
        return self.per_problem if self.rule == "all" else 1

    @model_validator(mode="after")
    def _penalty_can_be_searched(self) -> BestVsWorst:
        if self.rule == "all" and self.length_penalty == "search":
            raise ValueError("length_penalty: it is searched for one pair a problem: write a number beside rule: all")
        return self


class ShortestBestLongestWorst(PairOptions):
    """Length control (Meta-Rewarding, arXiv 2407.19594): chosen is the shortest sample with a score of at least
    (1 - rho) max + rho min, rejected the longest with at most (1 - rho) min + rho max."""

    kind: Literal["shortest_best_longest_worst"] = "shortest_best_longest_worst"
    judge: str | None = Field(None, description="a judge's name; default: the last judge")
    rho: tuple[float, ...] = Field((0.0, 0.0, 0.1), min_length=1, description="by round; the last one goes on")

    @model_validator(mode="after")
    def _rho_is_a_share(self) -> ShortestBestLongestWorst:
        if not all(0 <= rho < 0.5 for rho in self.rho):
            raise ValueError("rho: shares from 0 to below 0.5, or chosen and rejected could be one sample")
        return self


class MostVsLeastVoted(PairOptions):
    """ScPO (arXiv 2411.04109): a sample of the most voted answer against one of the least voted, weighted by the
    difference of their vote shares. Needs a `vote` judge."""

    kind: Literal["most_vs_least_voted"] = "most_vs_least_voted"
    judge: str = Field("vote", description="name of the vote judge")
    min_share: tuple[float, ...] = Field((0.5, 0.7), min_length=1, description="votes of the winner, by round")
    weighted: bool = Field(True, description="false: every pair weighs 1")


class RightVsWrong(PairOptions):
    """Correct samples against wrong ones (IRPO, arXiv 2404.19733; V-STaR, arXiv 2402.06457): all combinations, of which
    `per_problem` are drawn at random."""

    reads_first_judge: ClassVar[bool] = True
    kind: Literal["right_vs_wrong"] = "right_vs_wrong"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    per_problem: int | None = Field(10, ge=1, description="most pairs of one problem; none: all combinations")

    @property
    def most_per_problem(self) -> int | None:
        return self.per_problem


class GoldVsSample(PairOptions):
    """The problem's worked solution against the model's own first sample (SPIN, arXiv 2401.01335).

    With a `judge`: against samples that it scores low, such as those far from the solution (Self-Contrast, arXiv
    2404.00604).
    """

    sets_samples: ClassVar[bool] = False
    asks_judge: ClassVar[bool] = False
    kind: Literal["gold_vs_sample"] = "gold_vs_sample"
    judge: str | None = Field(None, description="a judge's name; default: none is asked, the first samples are taken")
    lowest_share: float = Field(
        1.0, gt=0, le=1, description="samples of the problem among which the rejected are drawn, the lowest scores"
    )
    per_problem: int = Field(
        1, ge=1, description="pairs of one problem, of different samples; with fewer there is none"
    )
    weight: Literal["one", "per_problem"] = Field(
        "one", description="of a pair; per_problem: those of a problem weigh 1 together"
    )

    @model_validator(mode="after")
    def _shares_of_scores(self) -> GoldVsSample:
        if self.lowest_share < 1 and self.judge is None:
            raise ValueError("judge: lowest_share is a share of its scores: name a judge, or leave lowest_share out")
        return self


class Revision(PairOptions):
    """The last attempt of a chain against the one before it, or the first, where a judge scores it higher.

    Context `problem`: the problem's chat. `revise`: what the reviser was shown (EVOLVE, arXiv 2502.05605, trains both;
    Self-Refinement Tuning, arXiv 2406.07168, the first). A pair a context.
    """

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


class StopOrGo(PairOptions):
    """Whether to go on after an attempt (ReVISE, arXiv 2502.14565): after a right one the end is preferred to `token`,
    after a wrong one `token`, with what follows it, to the end."""

    sets_samples: ClassVar[bool] = False
    reads_first_judge: ClassVar[bool] = True
    kind: Literal["stop_or_go"] = "stop_or_go"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    token: str = Field("\n\nThis needs another look.\n\n", min_length=1, description="text that means: I go on")
    go_on: Literal["nothing", "solution", "revision"] = Field("nothing", description="what follows the token")


Pair = Annotated[
    BestVsWorst | ShortestBestLongestWorst | MostVsLeastVoted | RightVsWrong | GoldVsSample | Revision | Siblings
    | StopOrGo,
    by_kind,
]  # fmt: skip


class MixtureSet(Component):
    """One of the sets that a mixture is made of."""

    pair: Pair = Field(description="how its pairs are made")
    share: float | None = Field(None, gt=0, lt=1, description="of the mixture; default: all pairs of all sets")


class Mixture(Component):
    """Pairs of several kinds in one set, all of them or in given shares (CREST, arXiv 2411.06387; RISE, arXiv
    2410.06638, takes all). Sets of 50 and 200 pairs with shares of 0.6 and 0.4 make 49 + 34."""

    kind: Literal["mixture"] = "mixture"
    sets: tuple[MixtureSet, ...] = Field(min_length=2, description="the sets, each with a kind of pairs of its own")
    fill: Literal["shrink", "repeat"] = Field(
        "shrink",
        description="shrink: as many as the scarcest set allows, each pair once; repeat: as many as train.max_steps "
        "read, a set's pairs several times over where it has fewer",
    )

    def makers(self) -> tuple[Pair, ...]:
        """The kinds of pairs that it is made of."""
        return tuple(part.pair for part in self.sets)

    @property
    def has_shares(self) -> bool:
        """Whether the sets are cut to shares."""
        return self.sets[0].share is not None

    @model_validator(mode="after")
    def _shares_add_up(self) -> Mixture:
        shares = [part.share for part in self.sets if part.share is not None]
        if shares and len(shares) < len(self.sets):
            raise ValueError("sets: some have a share and some have none: give one to each, or to none")
        if shares and not isclose(sum(shares), 1, abs_tol=1e-6):
            raise ValueError(f"sets: the shares add up to {sum(shares):g}: write shares that add up to 1")
        if not shares and self.fill == "repeat":
            raise ValueError("fill: what is repeated are shares of train.max_steps: give each set its share")
        return self


PairSection = Annotated[Pair | Mixture, by_kind]
"""the recipe's section: one kind of pairs, or a mixture of several"""
