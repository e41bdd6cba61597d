"""Filters `order` and `above_mean`: the draws of a problem are looked at together, each by what judges say of it.

The likelihood filter of "Aligning Large Language Models via Self-Steering Optimization" (SSO, arXiv 2410.17131), with
m_a(y) the mean log-probability of a token of y under chat a (p good, o plain, n bad), c drawn under good, r under bad:

    1. m_p(c) > m_o(c) > m_n(c) and m_n(r) > m_o(r) > m_p(r)                 order
    2. m_o(c) and m_o(r) at least their means                                above_mean
    3. m_p(c) - m_n(c) and m_n(r) - m_p(r) above their means                 above_mean, strict

each over what the one before left. Here a draw that has no sample left, or none with a score, is missing: with
`together` the problem's other draws go with it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import fsum

from configs.schema.select_draws import AboveMean, Order
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.basic import without_score
from tasks.select.filters.filter import Draw, Keep

Reasons = list[DropReason | None]


def order(group: Sequence[Candidate], config: Order, draw: Draw) -> Reasons:
    """disordered for samples whose scores do not fall."""
    return _together(group, [_disorder(one, config.by_draw.get(one.sample.draw_name)) for one in group], config)


def _disorder(one: Candidate, judges: Sequence[str] | None) -> DropReason | None:
    verdicts = [one.verdict(judge) for judge in judges or ()]
    missing = next((reason for verdict in verdicts if (reason := without_score(verdict)) is not None), None)
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    falls = all(high > low for high, low in pairwise(scores))
    return missing or (None if falls else DropReason.DISORDERED)


def learn_means(groups: Iterable[Sequence[Candidate]], config: AboveMean, draw: Draw) -> Keep:
    """Reads every score; what it returns refuses samples below the mean of their draw."""
    scores: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for group in groups:
        for one in group:
            judge = config.by_draw.get(one.sample.draw_name)
            score = one.verdict(judge).score if judge is not None else None
            if score is not None:
                scores[one.sample.draw_name].append(score)
    means = {name: fsum(found) / len(found) for name, found in scores.items()}

    def keep(group: Sequence[Candidate], config: AboveMean, draw: Draw) -> Reasons:
        return _together(group, [_below(one, config, means) for one in group], config)

    return keep


def _below(one: Candidate, config: AboveMean, means: dict[str, float]) -> DropReason | None:
    name = one.sample.draw_name
    if name not in config.by_draw:
        return None
    verdict = one.verdict(config.by_draw[name])
    if verdict.score is None:
        return without_score(verdict)
    is_high = verdict.score > means[name] if config.strict else verdict.score >= means[name]
    return None if is_high else DropReason.BELOW_MEAN


def _together(group: Sequence[Candidate], reasons: Reasons, config: Order | AboveMean) -> Reasons:
    """The reasons, and no_partner for samples of named draws one of which has no sample left."""
    names = config.by_draw
    left = {one.sample.draw_name for one, reason in zip(group, reasons, strict=True) if reason is None}
    if not config.together or names.keys() <= left:
        return reasons
    return [
        DropReason.NO_PARTNER if reason is None and one.sample.draw_name in names else reason
        for one, reason in zip(group, reasons, strict=True)
    ]
