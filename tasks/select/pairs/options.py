"""What a pair section asks of its pairs besides (`configs/schema/pair_options.py`): they stay, are turned round, or go.

In this order: `confident` (SER, arXiv 2411.00418), `agree` (SCIR, arXiv 2502.08922), `distinct_answers`
(Self-Reinforcement, arXiv 2405.04086), `min_gap` (Self-Rationalization, arXiv 2410.05495), `min_quality` (Anyprefer,
arXiv 2504.19276), and the chances to win that the loss reads (SPPO, arXiv 2405.00675).

A side that no judge has seen, such as a worked solution, has no score: what asks for one drops the pair as not_scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from configs.schema.pair import Pair as PairConfig
from configs.schema.pair_options import Confident, MinQuality
from tasks.core.joined import Candidate
from tasks.core.records import Pair, spell
from tasks.judge.kinds.win_rate import chance_to_win
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.sides import Sides, have_one_answer, is_near

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


def filter_pairs(
    pairs: Sequence[Pair], group: Sequence[Candidate], config: PairConfig, chances: Chances | None
) -> Iterator[Pair | NoPair]:
    """For each pair of one problem what is left of it: the pair, perhaps the other way round, or why it is dropped."""
    seen = {one.sample.id: one for member in group for one in member.whole_chain if one.verdicts}
    for pair in pairs:
        if spell(pair.chosen).strip() == spell(pair.rejected).strip():
            yield NoPair.SAME_TEXT
            continue
        sides = Sides(pair, seen.get(pair.chosen_id), seen.get(pair.rejected_id), group[0].problem)
        yield _ask_all(sides, config, chances)


def _ask_all(sides: Sides, config: PairConfig, chances: Chances | None) -> Pair | NoPair:
    if config.confident is not None:
        sure = _sure(sides, config.confident, config.confident.judge or config.judge)
        if isinstance(sure, NoPair):
            return sure
        sides = sure
    reason = next(filter(None, _refusals(sides, config)), None)
    return reason or (sides.pair if chances is None else _with_chances(sides, chances))


def _refusals(sides: Sides, config: PairConfig) -> Iterator[NoPair | None]:
    yield from (_disagrees(sides, judge) for judge in config.agree)
    yield NoPair.SAME_ANSWER if config.distinct_answers and have_one_answer(sides) else None
    yield is_near(sides, config.min_gap) if config.min_gap is not None else None
    yield _is_poor(sides, config.min_quality) if config.min_quality is not None else None


def _sure(sides: Sides, config: Confident, judge: str | None) -> Sides | NoPair:
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


def _disagrees(sides: Sides, judge: str) -> NoPair | None:
    scores = sides.scores(judge)
    if scores is None:
        return NoPair.NOT_SCORED
    return None if scores[0] > scores[1] else NoPair.DISAGREE


def _is_poor(sides: Sides, config: MinQuality) -> NoPair | None:
    wanted = (sides.chosen,) if config.of == "chosen" else (sides.chosen, sides.rejected)
    scores = [None if side is None else side.verdict(config.judge).score for side in wanted]
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return NoPair.NOT_SCORED
    return None if min(known) >= config.at_least else NoPair.LOW_QUALITY


def _with_chances(sides: Sides, chances: Chances) -> Pair | NoPair:
    found = sides.scores(chances.judge)
    if found is None:
        return NoPair.NOT_SCORED
    over = None
    if chances.scores is not None and (scores := sides.scores(chances.scores)) is not None:
        over = chance_to_win(*scores, chances.scale)
    return replace(sides.pair, p_chosen=found[0], p_rejected=found[1], p_over=over)
