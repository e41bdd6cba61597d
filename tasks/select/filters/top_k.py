"""Filter `top_k`: the k samples that a judge scores highest, or lowest, of each problem or of the whole round.

STILL-2 (arXiv 2412.09413) keeps one right thought of a problem, by its perplexity or its length: how is not told. Equal
scores are told apart by the order of the samples. A sample without a score is never among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

from configs.schema.select import TopK
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.basic import without_score
from tasks.select.filters.filter import Draw, Keep


def learn(groups: Iterable[Sequence[Candidate]], config: TopK, draw: Draw) -> Keep:
    """Reads the round's scores where the best of the round are kept; holds the names of k samples."""
    of_round = _best((one for group in groups for one in group), config) if config.per == "round" else None

    def keep(group: Sequence[Candidate], config: TopK, draw: Draw) -> list[DropReason | None]:
        best = of_round if of_round is not None else _best(group, config)
        return [_refuse(one, best, config) for one in group]

    return keep


def _best(candidates: Iterable[Candidate], config: TopK) -> set[str]:
    return {name for _, _, name in nsmallest(config.k, _ranked(candidates, config))}


def _ranked(candidates: Iterable[Candidate], config: TopK) -> Iterator[tuple[float, int, str]]:
    """Cost, place and name of each sample with a score; the best sort first."""
    for place, one in enumerate(candidates):
        verdict = one.verdict(config.judge)
        if without_score(verdict) is None and verdict.score is not None:
            yield (-verdict.score if config.highest else verdict.score), place, one.sample.id


def _refuse(one: Candidate, best: set[str], config: TopK) -> DropReason | None:
    if one.sample.id in best:
        return None
    return without_score(one.verdict(config.judge)) or DropReason.OUTSIDE_TOP
