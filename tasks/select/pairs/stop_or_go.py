"""Pairs `stop_or_go`: after a right attempt the end is preferred to a token that means `I go on`, after a wrong one
that token, and what may follow it, to the end.

ReVISE (arXiv 2502.14565): first the token alone, then the token with the worked solution. The attempt is common to both
sides; an objective with a likelihood term reads its weight: 1 for right attempts, 0 for wrong ones.

Where the code differs from the paper's: a side that ends with the token is not ended there, or the model would learn
to stop after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from configs.schema.pair_chains import StopOrGo
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, Span
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair


def make(group: Sequence[Candidate], config: StopOrGo, draw: Draw) -> list[Pair] | NoPair:
    """One pair an attempt, in their order. What was not read as right or wrong has none."""
    pairs = [pair for one in group for pair in _pairs(one, config)]
    if pairs:
        return pairs
    is_without = config.go_on == "solution" and group[0].problem.solution is None
    return NoPair.NO_SOLUTION if is_without else NoPair.NO_REVISION


def _pairs(one: Candidate, config: StopOrGo) -> Iterator[Pair]:
    label = one.verdict(config.judge).label
    if config.go_on == "revision" and len(one.attempts) > 1:
        before = one.attempts[-2]
        if label == Label.CORRECT and before.verdict(config.judge).label == Label.WRONG:
            yield _go(before, config.token, one.sample.text)
    elif label == Label.CORRECT:
        yield _stop(one, config.token)
    elif label == Label.WRONG and config.go_on == "nothing":
        yield _go(one, config.token, "")
    elif label == Label.WRONG and config.go_on == "solution" and one.problem.solution:
        yield _go(one, config.token, one.problem.solution)


def _stop(one: Candidate, token: str) -> Pair:
    text = Span(one.sample.text)
    return replace(make_pair(one, one), chosen=(text, Span("")), rejected=(text, Span(token)), rejected_ends=False)


def _go(one: Candidate, token: str, after: str) -> Pair:
    text = Span(one.sample.text, 0.0)
    pair = replace(make_pair(one, one), chosen=(text, Span(token + after)), rejected=(text, Span("")))
    return replace(pair, chosen_ends=bool(after))
