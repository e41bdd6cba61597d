"""What a pair section asks of its pairs besides (`configs/schema/pair_options.py`): they stay, are turned round, or go.

In this order: `confident` (SER, arXiv 2411.00418), `agree` (SCIR, arXiv 2502.08922), `distinct_answers`
(Self-Reinforcement, arXiv 2405.04086), `min_gap` (Self-Rationalization, arXiv 2410.05495), `min_quality` (Anyprefer,
arXiv 2504.19276), and the chances to win that the loss reads (SPPO, arXiv 2405.00675).

A side that no judge has seen, such as a worked solution, has no score: what asks for one drops the pair as not_scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from configs.schema.pair import Pair as PairConfig
from configs.schema.pair_options import Confident, MinQuality
from tasks.answer.equal import clusters, same_spelling
from tasks.answer.read import read
from tasks.answer.value import Number, UnreadableError
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, Problem, spell
from tasks.judge.kinds.win_rate import chance_to_win
from tasks.select.pairs.choice import NoPair

ROUNDING = 1e-9
"""differences this close to a limit are the limit: scores such as 0.94 and 0.64 are no exact numbers"""


@dataclass(frozen=True, slots=True)
class Chances:
    """Where a pair's chances to win come from.

    Attributes:
        judge: whose scores are the chances of a sample against any of its problem.
        scores, scale: judge whose scores say the chance of one side against the other, and their factor; None: nobody.
    """

    judge: str
    scores: str | None = None
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class _Sides:
    """A pair with what is known of its two texts; None: no judge has seen it."""

    pair: Pair
    chosen: Candidate | None
    rejected: Candidate | None
    problem: Problem

    def scores(self, judge: str | None) -> tuple[float, float] | None:
        """Scores of chosen and rejected; None where one is missing."""
        found = [None if side is None else side.verdict(judge).score for side in (self.chosen, self.rejected)]
        high, low = found
        return None if high is None or low is None else (high, low)

    def swapped(self) -> _Sides:
        """The other way round."""
        pair = self.pair
        turned = replace(
            pair,
            chosen=pair.rejected,
            rejected=pair.chosen,
            chosen_id=pair.rejected_id,
            rejected_id=pair.chosen_id,
            chosen_ends=pair.rejected_ends,
            rejected_ends=pair.chosen_ends,
            margin=None if pair.margin is None else -pair.margin,
        )
        return replace(self, pair=turned, chosen=self.rejected, rejected=self.chosen)


def filter_pairs(
    pairs: Sequence[Pair], group: Sequence[Candidate], config: PairConfig, chances: Chances | None
) -> Iterator[Pair | NoPair]:
    """For each pair of one problem what is left of it: the pair, perhaps the other way round, or why it is dropped."""
    seen = {one.sample.id: one for member in group for one in member.whole_chain if one.verdicts}
    for pair in pairs:
        if spell(pair.chosen).strip() == spell(pair.rejected).strip():
            yield NoPair.SAME_TEXT
            continue
        sides = _Sides(pair, seen.get(pair.chosen_id), seen.get(pair.rejected_id), group[0].problem)
        yield _ask_all(sides, config, chances)


def _ask_all(sides: _Sides, config: PairConfig, chances: Chances | None) -> Pair | NoPair:
    if config.confident is not None:
        sure = _sure(sides, config.confident, config.confident.judge or getattr(config, "judge", None))
        if isinstance(sure, NoPair):
            return sure
        sides = sure
    reason = next(filter(None, _refusals(sides, config)), None)
    return reason or (sides.pair if chances is None else _with_chances(sides, chances))


def _refusals(sides: _Sides, config: PairConfig) -> Iterator[NoPair | None]:
    yield from (_disagrees(sides, judge) for judge in config.agree)
    yield NoPair.SAME_ANSWER if config.distinct_answers and _have_one_answer(sides) else None
    yield _is_near(sides, config.min_gap) if config.min_gap is not None else None
    yield _is_poor(sides, config.min_quality) if config.min_quality is not None else None


def _sure(sides: _Sides, config: Confident, judge: str | None) -> _Sides | NoPair:
    scores = sides.scores(judge)
    if scores is None:
        return NoPair.NOT_SCORED
    chosen, rejected = scores
    if _is_sure(chosen, rejected, config):
        return sides
    return sides.swapped() if config.swap and _is_sure(rejected, chosen, config) else NoPair.UNSURE


def _is_sure(high: float, low: float, config: Confident) -> bool:
    is_apart = high > config.high + ROUNDING and low < config.low - ROUNDING
    return is_apart or (config.margin is not None and high - low > config.margin + ROUNDING)


def _disagrees(sides: _Sides, judge: str) -> NoPair | None:
    scores = sides.scores(judge)
    if scores is None:
        return NoPair.NOT_SCORED
    return None if scores[0] > scores[1] else NoPair.DISAGREE


def _have_one_answer(sides: _Sides) -> bool:
    """Whether some judge read the same answer in both; of a worked solution the answer is the problem's."""
    judges = (sides.chosen or sides.rejected or _nobody()).verdicts
    for judge in judges:
        known = [None if side is None else side.verdict(judge).answer for side in (sides.chosen, sides.rejected)]
        if sides.chosen is None or sides.rejected is None:
            if same_spelling(sides.problem.gold, known[sides.chosen is None]) and sides.problem.gold is not None:
                return True
        elif None not in known:
            return len(set(clusters(known))) == 1
    return False


def _nobody() -> Candidate:
    raise LookupError("of a pair at least one side is a sample")


def _is_near(sides: _Sides, gap: float) -> NoPair | None:
    """Whether the rejected answer lies nearer than the gap to the gold one."""
    right, other = _right_answer(sides), _number_of(_answer(sides.rejected))
    if right is None or other is None:
        return NoPair.NO_NUMBER
    return NoPair.SMALL_GAP if abs(right - other) < Fraction(str(gap)) else None


def _right_answer(sides: _Sides) -> Fraction | None:
    chosen = sides.chosen
    is_correct = chosen is not None and any(one.label == Label.CORRECT for one in chosen.verdicts.values())
    gold = sides.problem.gold
    return _number_of(_answer(chosen) if is_correct or gold is None else gold)


def _answer(side: Candidate | None) -> str | None:
    """The answer of the first judge that read one."""
    found = side.verdicts.values() if side is not None else ()
    return next((one.answer for one in found if one.answer is not None), None)


def _number_of(answer: str | None) -> Fraction | None:
    try:
        value = None if answer is None else read(answer)
    except UnreadableError:
        return None
    return value.value if isinstance(value, Number) else None


def _is_poor(sides: _Sides, config: MinQuality) -> NoPair | None:
    wanted = (sides.chosen,) if config.of == "chosen" else (sides.chosen, sides.rejected)
    scores = [None if side is None else side.verdict(config.judge).score for side in wanted]
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return NoPair.NOT_SCORED
    return None if min(known) >= config.at_least else NoPair.LOW_QUALITY


def _with_chances(sides: _Sides, chances: Chances) -> Pair | NoPair:
    found = sides.scores(chances.judge)
    if found is None:
        return NoPair.NOT_SCORED
    over = None
    if chances.scores is not None and (scores := sides.scores(chances.scores)) is not None:
        over = chance_to_win(*scores, chances.scale)
    return replace(sides.pair, p_chosen=found[0], p_rejected=found[1], p_over=over)
