"""What judges are given besides samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.roles import Cast
from tasks.judge.verifiers.pool import Verify, verify_in, verify_in_pool


@dataclass(frozen=True)
class World:
    """Where judges work.

    Attributes:
        problems: by id; those of the samples at least.
        bench, cast: who answers for a role. Judges by rule need neither.
        seed: of what models draw.
        answers: where answers are looked up and kept; without it no model can be asked, and rules look again.
        held_out: problems of the select and report sets, of which no judge may make use.
        verify: where rules look at samples; default: where `answers` say.
    """

    problems: Mapping[str, Problem]
    bench: Workbench | None = None
    cast: Cast | None = None
    seed: int = 0
    answers: Answers | None = None
    held_out: Sequence[Problem] = ()
    verify: Verify | None = None

    @property
    def verifying(self) -> Verify:
        """What rules look at samples with; without answers they do so on this machine."""
        return self.verify or (verify_in(self.answers.workers) if self.answers else verify_in_pool)
