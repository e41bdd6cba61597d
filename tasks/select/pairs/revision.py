"""Pairs `revision`: the last attempt of a chain against the one before it, or the one it began with.

EVOLVE (arXiv 2502.05605) trains both contexts, L_dpo(x; y+, y-) + L_dpo((x, y-, ask); y+, y-); Self-Refinement Tuning
(arXiv 2406.07168) the problem's alone. Only revisions that a judge scores higher make a pair.

Where the code differs from the papers': in the context `revise` training shows what the reviser was asked, or its
`stored_prompt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.schema.pair_chains import Revision
from tasks.core.joined import Candidate
from tasks.core.records import Message, Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair, margin_of
from tasks.select.rows.kinds import shown_before


def make(group: Sequence[Candidate], config: Revision, draw: Draw) -> list[Pair] | NoPair:
    """One pair a chain and context, in the order of the chains."""
    revised = [one for one in group if len(one.attempts) > 1]
    if not revised:
        return NoPair.NO_REVISION
    pairs = [pair for one in revised for pair in _pairs(one, config)]
    return pairs or NoPair.SMALL_MARGIN


def _pairs(one: Candidate, config: Revision) -> Iterator[Pair]:
    rejected = one.attempts[0 if config.against == "root" else -2]
    margin = margin_of(one, rejected, config.judge)
    if margin is None or margin <= 0 or margin < config.min_margin:
        return
    contexts: dict[str, tuple[Message, ...]] = {
        "problem": one.problem.messages,
        "revise": shown_before(one.whole_chain, len(one.chain)),
    }
    for name in config.contexts:
        yield make_pair(one, rejected, margin=margin, messages=contexts[name])
