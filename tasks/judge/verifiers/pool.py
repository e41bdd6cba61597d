"""Verifiers in killable workers: what hangs or crashes on one sample costs that one its verdict."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Protocol

from configs.errors import ProblemsError
from configs.schema.judges.kinds import Judge
from infra.sandbox.bubblewrap import START_SECONDS
from infra.sandbox.job import Job, OpenPool, Pool, pool_here
from tasks.core.joined import find_problem
from tasks.core.records import Problem, Sample
from tasks.judge.verifiers.registry import VERIFIERS, Item, explain_gold

WORKER_MEMORY_BYTES = 2 * 2**30
"""Most memory of a worker that runs a built-in verifier; a user's function has no limit."""


class Outcome(Protocol):
    """What verifying one item gave: a Finding as `value`, or a `failure` in words."""

    @property
    def value(self) -> Any: ...

    @property
    def failure(self) -> str | None: ...


Verify = Callable[[Judge, Iterable[Item]], Generator[Outcome, None, None]]
"""From a judge with a rule to one outcome an item, in the items' order; it may read a bounded number ahead. For a judge
that reads no gold the Finding holds the answer alone. Closing it frees its workers."""


def verify_in_pool(
    judge: Judge, items: Iterable[Item], open_pool: OpenPool = pool_here
) -> Generator[Outcome, None, None]:
    """One outcome an item, in order; the pool lives as long as the iteration.

    Args:
        open_pool: where workers are; default: on this machine, as many as it has cores.

    Raises:
        UserError: the verifier could not be made, as when a user's file cannot be imported.
    """
    with open_pool(_job_of(judge)) as pool:
        yield from pool.map(items)


def verify_in(open_pool: OpenPool) -> Verify:
    """Verifiers in workers that are there."""
    return partial(verify_in_pool, open_pool=open_pool)


class StandingPools:
    """Verifiers whose workers stay from call to call, where the same judges look again and again: starting them costs
    more than a wave of samples. A context manager: no worker is left behind it.

    Args:
        open_pool: where workers are; default: on this machine.
    """

    def __init__(self, open_pool: OpenPool = pool_here) -> None:
        self._open_pool = open_pool
        self._pools: dict[str, Pool] = {}
        self._open = ExitStack()

    def __enter__(self) -> StandingPools:
        return self

    def __exit__(self, *error: object) -> None:
        self._pools = {}
        self._open.close()

    def verify(self, judge: Judge, items: Iterable[Item]) -> Generator[Outcome, None, None]:
        """As `verify_in_pool`. One call at a time for a judge."""
        key = judge.model_dump_json()
        if key not in self._pools:
            self._pools[key] = self._open.enter_context(self._open_pool(_job_of(judge)))
        yield from self._pools[key].map(items)


def _job_of(judge: Judge) -> Job:
    verifier = judge.rule
    assert verifier is not None, "called for judges with a rule"
    kind = VERIFIERS[verifier.kind]
    memory_bytes = None if verifier.kind == "python" else WORKER_MEMORY_BYTES
    target = f"tasks.judge.verifiers.registry:{'build_verifier' if judge.reads_gold else 'build_extractor'}"
    start_seconds = 2 * START_SECONDS if verifier.kind == "code" else 0.0  # the program's sandbox and the tests' one
    limit_seconds = verifier.limit_seconds + start_seconds
    what = f"the verifier '{verifier.kind}'"
    return Job(what, target, limit_seconds, (verifier,), memory_bytes, kind.imports, kind.travels)


def items_to_verify(samples: Iterable[Sample], problems: Mapping[str, Problem], judge: Judge) -> Iterator[Item]:
    """The samples that are judged, each with its problem.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that the judge can compare with.
    """
    sound: Problem | None = None
    for sample in samples:
        if sound is None or sample.problem_id != sound.id:
            sound = find_problem(sample, problems)
            if judge.reads_gold:
                _check_gold(sound, judge)
        if sample.is_whole:
            yield sound, sample


def _check_gold(problem: Problem, judge: Judge) -> None:
    assert judge.rule is not None, "called for judges with a rule"
    complaint = explain_gold(problem.gold, judge.rule)
    if complaint is not None:
        raise ProblemsError(
            f"problem {problem.id} {complaint}; judge '{judge.name}' ({judge.rule.kind}) needs one",
            "set the source's mapping.answer, mend the problem, or choose another verifier",
        )
