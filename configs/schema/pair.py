"""Who is set against whom, for objectives that train on pairs. Acts on what `select` left."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.pair_chains import Revision, Siblings, StopOrGo
from configs.schema.pair_options import PairOptions


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


class Judgements(PairOptions):
    """What a rubric judge wrote about one sample: judgements that agree with a trusted judge over those that do not,
    under the judge's own prompt (Self-Rationalization, arXiv 2410.05495). They train whoever judges.

    `equal`: right is the trusted judge's score itself, wrong what lies `gap` or more from it. `gap`: right is what lies
    nearer than `gap`. `side`: right is a score of at least `cut` for a sample that the trusted judge calls correct, and
    one below it for a wrong one.
    """

    sets_samples: ClassVar[bool] = False
    has_answers: ClassVar[bool] = False
    kind: Literal["judgements"] = "judgements"
    judge: str | None = Field(None, description="a rubric judge that writes; default: the last judge")
    label: str | None = Field(None, description="the trusted judge; default: the first judge")
    rule: Literal["equal", "side", "gap"] = Field("equal", description="when a judgement is right, as told above")
    gap: float = Field(0.0, ge=0, description="distance of scores; read by the rules equal and gap")
    cut: float | None = Field(None, description="a score from which on a judgement says right; read by the rule side")
    per_sample: int | None = Field(4, ge=1, description="most pairs of one sample, drawn by seed; none: all")
    unparseable: Literal["drop", "rejected"] = Field(
        "drop", description="rejected: a judgement that could not be read is a wrong one"
    )

    @property
    def reads_judgements(self) -> str | None:
        return self.judge

    def named_judges(self) -> Iterator[tuple[str, str | None]]:
        yield from super().named_judges()
        yield "label", self.label

    @model_validator(mode="after")
    def _rule_has_its_number(self) -> Judgements:
        if (self.rule == "side") != (self.cut is not None):
            raise ValueError("cut: the rule side reads it, and no other: write both or none")
        if self.rule == "gap" and self.gap == 0:
            raise ValueError("gap: the rule gap needs a distance above 0, below which a judgement is right")
        return self


Pair = Annotated[
    BestVsWorst | ShortestBestLongestWorst | MostVsLeastVoted | RightVsWrong | GoldVsSample | Revision | Siblings
    | StopOrGo | Judgements,
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
