"""The pool of attempts that rounds build up: what was written before is revised again (Self-Correction, arXiv
2211.00053). `from_pool` is pure.

Every round stores the whole pool of a problem among its own texts, as first attempts, so that filters and rows see it
together; a problem that a round does not sample stays as the latest round left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.core.files import SAMPLES
from tasks.core.ledger import Ledger
from tasks.core.records import Part, Sample
from tasks.core.refs import StepRef

POOL = "pool"
"""`Sample.draw` of an attempt that an earlier round wrote"""


def read_pool(ledger: Ledger, steps: Sequence[StepRef], wanted: frozenset[str]) -> dict[str, list[Sample]]:
    """Attempts by problem, of the latest step that has the problem. They are in memory.

    Args:
        steps: the generate steps of the rounds before, first round first.
        wanted: ids of the problems.
    """
    found: dict[str, list[Sample]] = {}
    for step in reversed(steps):
        known = frozenset(found)
        for sample in SAMPLES.read(ledger, step):
            if sample.problem_id in wanted - known and sample.part == Part.ATTEMPT:
                found.setdefault(sample.problem_id, []).append(sample)
    return found


def from_pool(pool: Sequence[Sample], drawn: Sequence[Sample], first_index: int) -> list[Sample]:
    """The attempts of a problem's pool as first attempts, each text once and none that was just drawn.

    Args:
        first_index: what their numbers begin with.
    """
    return [
        replace(
            one, id=f"{one.problem_id}/{POOL}{place}", index=first_index + place, parent_id=None, draw=POOL,
            messages=(), stored=(),
        )
        for place, one in enumerate(_new(pool, drawn))
    ]  # fmt: skip


def _new(pool: Sequence[Sample], drawn: Sequence[Sample]) -> Iterator[Sample]:
    seen = {one.text.strip() for one in drawn}
    for one in pool:
        if (text := one.text.strip()) not in seen:
            seen.add(text)
            yield one
