"""Which chains go on after their attempts were judged, and which sibling is shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from configs.schema.revision.parts import LabelName, TextsKept
from tasks.core.records import Label, Sample, is_true
from tasks.core.step import derive_seed
from tasks.sample.revision.asking import Facts
from tasks.sample.revision.chain import Chain
from tasks.sample.revision.conditions import OpinionOf


def starts(chains: Sequence[Chain], at_most: Mapping[LabelName, int] | None, opinion: OpinionOf) -> list[Chain]:
    """The first attempts that are revised: of each label the first drawn."""
    if at_most is None:
        return list(chains)
    allowed = {str(label): number for label, number in at_most.items()}
    seen: Counter[str] = Counter()
    found = []
    for chain in chains:
        label = opinion(chain.tip, None).label
        seen[label] += 1
        if seen[label] <= allowed.get(label, 0):
            found.append(chain)
    return found


def texts_kept(chains: Sequence[Chain], keep: TextsKept | None, opinion: OpinionOf) -> list[Chain]:
    """Of the texts drawn after one parent those that go on, in their order; of the best the best first."""
    if keep is None:
        return list(chains)
    if keep.true_verdict is not None:
        true = [one for one in chains if is_true(one.tip.said, opinion(one.attempts[-1], None))]
        return true[: keep.true_verdict]
    if keep.first is not None:
        return list(chains[: keep.first])
    scored = [(score, one) for one in chains if (score := opinion(one.tip, keep.best).score) is not None]
    return [one for _, one in sorted(scored, key=lambda item: -item[0])[: keep.n]]


def by_parent(chains: Sequence[Chain], num_parts: int) -> list[list[Chain]]:
    """Chains that were asked after the same text together.

    Args:
        num_parts: texts that one answer was cut into.
    """
    groups: dict[str, list[Chain]] = {}
    for chain in chains:
        groups.setdefault(chain.path[-1 - num_parts].id, []).append(chain)
    return list(groups.values())


def facts_of(
    chain: Chain, firsts: Sequence[Sample], opinion: OpinionOf, seed: int, peers: int | None = 1
) -> list[Facts]:
    """The first judge's label of the last attempt, with each of the right first attempts of other chains that are
    shown; without one where there is none.

    Args:
        peers: how many are shown, drawn by seed; None: all.
    """
    own = chain.attempts[-1]
    others = [node for node in firsts if node.id != chain.path[0].id]
    right = [node for node in others if opinion(node, None).label == Label.CORRECT]
    start = derive_seed(seed, "peer", own.id) % len(right) if right else 0
    label, shown = opinion(own, None).label, [*right[start:], *right[:start]][:peers]
    return [Facts(label, peer) for peer in shown] or [Facts(label, None)]
