"""Pairs `siblings`: two ways in which a chain goes on after the same text, one that ends right against a wrong one.

SuperCorrect (arXiv 2410.09008) prefers what a teacher says of an error, and its correction, to the student's own.
Multi-turn DPO of self-rewarding correction (arXiv 2502.19613): given problem and first attempt, a verdict with its
revision is preferred to another. What both have in common stands in the chat, and the rest is one completion a side.

Where the code differs from the paper's: the parts of a side are joined by links, not by the chat's turns. As in the
paper (wrong, No, wrong) is never set over (wrong, Yes): both end wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from configs.schema.pair_chains import Siblings
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair, margin_of
from tasks.select.rows.kinds import shown_before
from tasks.select.rows.spans import ends_turn, join_spans

Side = tuple[Candidate, int]
"""a candidate, and the place in its chain at which it parts from its siblings"""


def make(group: Sequence[Candidate], config: Siblings, draw: Draw) -> list[Pair] | NoPair:
    """Up to `per_parent` pairs of each parent, drawn at random, in the order of the chains."""
    families: dict[str | None, list[Side]] = {}
    for one in group:
        place = _parting(one, config)
        if place is not None and place > 0:
            families.setdefault(one.whole_chain[place].sample.parent_id, []).append((one, place))
    pairs = [pair for parent, sides in families.items() for pair in _of_parent(parent, sides, config, draw)]
    return pairs or (NoPair.ONE_SIDED if families else NoPair.NO_REVISION)


def _parting(one: Candidate, config: Siblings) -> int | None:
    """The place of the last such part; attempts that nothing was written before have none."""
    places = [place for place, text in enumerate(one.whole_chain) if text.sample.part == config.part]
    return places[-1] if places else None


def _of_parent(parent: str | None, sides: Sequence[Side], config: Siblings, draw: Draw) -> list[Pair]:
    best, worst = config.by_writer or (None, None)
    right = [side for side in sides if _is(side, Label.CORRECT, best, config)]
    wrong = [side for side in sides if _is(side, Label.WRONG, worst, config)]
    total = len(right) * len(wrong)
    numbers = draw.random("siblings", str(parent))
    drawn = sorted(numbers.sample(range(total), min(total, config.per_parent or total)))
    return [_pair(right[i], wrong[j], config, draw) for i, j in (divmod(number, len(wrong)) for number in drawn)]


def _is(side: Side, label: Label, writer: str | None, config: Siblings) -> bool:
    """Whether a side ends so, and parts from the others with a text of this writer."""
    one, place = side
    is_by = writer is None or one.whole_chain[place].sample.by == writer
    return is_by and one.verdict(config.judge).label == label


def _pair(chosen: Side, rejected: Side, config: Siblings, draw: Draw) -> Pair:
    (best, place), (worst, _) = chosen, rejected
    sides = []
    for one, start in (chosen, rejected):
        texts = one.whole_chain[start:]
        sides.append(join_spans(texts, [1.0] * len(texts), config.links, draw))
    pair = make_pair(best, worst, margin=margin_of(best, worst, config.judge))
    return replace(
        pair,
        messages=shown_before(best.whole_chain, place),
        chosen=sides[0],
        rejected=sides[1],
        chosen_ends=ends_turn(best.whole_chain[-1].sample),
        rejected_ends=ends_turn(worst.whole_chain[-1].sample),
    )
