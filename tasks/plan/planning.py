"""What a run would do, found out by walking the real flow at a workbench that computes nothing.

Called by `selfloop plan`. Every step is looked up under its real key. Keys are known ahead as far as no decision is
missing: the first decision that is not published ends the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.core.answer_folder import count_answers
from tasks.core.bench import Workbench
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary


class EndOfKnowledge(Exception):
    """What comes next depends on a decision that is still to be made."""


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plan; `num_answers` of what a new one asks are there already. Its key digests `payload`."""

    round: int
    stage: str
    key: str
    is_reused: bool
    num_answers: int = 0
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass
class PlanningBench(Workbench):
    """A workbench whose steps are looked up, never computed."""

    is_planning: bool = True
    planned: list[PlannedStep] = field(default_factory=list)

    def step(self, spec: StepSpec, produce: Callable[[Scratch], Summary], answers: Sequence[str] = ()) -> StepRef:
        """The published step, or a reference to what will be one."""
        found = self.ledger.find(spec, check_files=False) or self.ledger.find_elsewhere(spec)
        num_answers = 0 if found else count_answers(self.ledger.store, answers, self.ledger.shared)
        known = found is not None
        self.planned.append(PlannedStep(spec.round, spec.stage, spec.key, known, num_answers, spec.payload))
        return found or self.expect(spec)

    def expect(self, spec: StepSpec) -> StepRef:
        """A step to be, with the numbers that its stage expects."""
        if spec.expected is None:
            raise EndOfKnowledge
        return StepRef(
            stage=spec.stage, round=spec.round, key=spec.key, prefix=spec.prefix, files=(), summary=spec.expected
        )  # fmt: skip
