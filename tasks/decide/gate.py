"""Whether a candidate replaces the incumbent. Called by the decide task, on per-item results. Pure.

Only the select suite is read: the report suite never chooses anything. A new gate is one function and one entry
in GATES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from configs.schema.evaluate import Always, Better, Gate, Significant
from tasks.core.records import ItemResult
from tasks.evaluate.statistics import PairedCounts, mcnemar_exact, paired_counts

SUITE = "select"


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What a gate concluded.

    Attributes:
        reason: in words, with the numbers.
        p_value: exact two-sided McNemar test of candidate against incumbent, whatever the gate.
        gained, lost: select problems that only the candidate, or only the incumbent, answers correctly.
    """

    promote: bool
    reason: str
    p_value: float
    gained: int
    lost: int


def apply_gate(
    gate: Gate, incumbent_items: Iterable[ItemResult], candidate_items: Iterable[ItemResult]
) -> GateDecision:
    """Compare two evaluations; items of other suites are passed over.

    Raises:
        ValueError: the select items are not the same problems, or there are none.
    """
    counts = paired_counts(
        (item for item in incumbent_items if item.suite == SUITE),
        (item for item in candidate_items if item.suite == SUITE),
    )
    if not sum(counts):
        raise ValueError("no select items to decide on")
    p_value = mcnemar_exact(counts.gained, counts.lost)
    promote, rule = GATES[gate.kind](gate, counts, p_value)
    return GateDecision(promote, f"{_describe(counts, p_value)}: {rule}", p_value, counts.gained, counts.lost)


def _better(gate: Better, counts: PairedCounts, p_value: float) -> tuple[bool, str]:
    promote = (counts.gained - counts.lost) / sum(counts) > gate.margin
    wanted = "a rise" if gate.margin == 0 else f"a rise above {gate.margin:.2%}"
    return promote, f"{wanted}, as asked" if promote else f"not {wanted}"


def _significant(gate: Significant, counts: PairedCounts, p_value: float) -> tuple[bool, str]:
    if counts.gained <= counts.lost:
        return False, "not a rise"
    promote = p_value < gate.alpha
    return promote, f"a rise, and p is {'' if promote else 'not '}below {gate.alpha:g}"


def _always(gate: Always, counts: PairedCounts, p_value: float) -> tuple[bool, str]:
    return True, "every candidate is promoted"


GATES: dict[str, Callable[..., tuple[bool, str]]] = {
    "better": _better,
    "significant": _significant,
    "always": _always,
}


def _describe(counts: PairedCounts, p_value: float) -> str:
    num_problems = sum(counts)
    before, after = counts.lost + counts.both, counts.gained + counts.both
    return (
        f"select accuracy {before / num_problems:.2%} -> {after / num_problems:.2%} on {num_problems} problems "
        f"({counts.gained} gained, {counts.lost} lost, exact McNemar p = {p_value:.3g})"
    )
