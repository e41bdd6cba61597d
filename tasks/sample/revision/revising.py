"""The state of sampler `revise` in one problem: its chains, and where they stand. A value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tasks.core.records import Sample, Verdict
from tasks.judge.verifiers.code_report import RunReport
from tasks.sample.episode import Episode
from tasks.sample.revision.chain import Chain
from tasks.sample.revision.growing import TRUNCATED, UNCUT

COUNTED = (
    "num_asked", "num_attempts", "num_feedback", "num_unread", "num_not_kept", TRUNCATED, UNCUT, "num_without_peer"
)  # fmt: skip
"""texts asked of models; attempts and texts around them that are stored; verdicts that could not be read; texts that
were drawn and do not go on, are cut off, or lack a part; chains that ended for want of a right sibling"""
OF_CUTS = ("num_cut", "num_rollouts", "num_without_wrong_step")
"""attempts that end at their first wrong step, continuations drawn to find it, attempts in which it was not found"""


@dataclass(frozen=True)
class Revising(Episode):
    """The chains of one problem.

    Attributes:
        turn: attempts in each open chain; 0 before the first.
        step: the step that comes next.
        chains: those that go on, but for those in `asking`.
        asking: those that the step is being written after.
        drawn: those with an attempt that nobody judged yet.
        cutting: those whose attempt is looked for its first wrong step.
        continued: of each of them, the continuations after its steps.
        opinions: by attempt and judge.
        reports: by attempt, of the execution of it that was written last.
        counts: see COUNTED.
    """

    turn: int = 0
    step: int = 0
    chains: tuple[Chain, ...] = ()
    asking: tuple[Chain, ...] = ()
    drawn: tuple[Chain, ...] = ()
    cutting: tuple[Chain, ...] = ()
    continued: tuple[tuple[tuple[Sample, ...], ...], ...] = ()
    opinions: Mapping[str, Mapping[str, Verdict]] = field(default_factory=dict)
    reports: Mapping[str, RunReport] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def counted(self, name: str, number: int = 1) -> Revising:
        """With more of something."""
        return replace(self, counts=self.counts + Counter({name: number}))

    def with_nodes(self, grown: Iterable[Chain]) -> Revising:
        """With the texts of these chains that are new."""
        known = {node.id for node in self.nodes}
        new = {node.id: node for chain in grown for node in chain.path if node.id not in known}
        return replace(self, nodes=(*self.nodes, *new.values()))
