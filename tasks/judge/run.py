"""The judge stage joined to the pool of killable workers. Called by the tasks of judge and evaluate."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from configs.schema.judge import Judge
from infra.sandbox.killable import KillablePool, Outcome
from tasks.judge.verifiers.registry import Item

WORKER_MEMORY_BYTES = 2 * 2**30
"""Most memory of a worker that runs a built-in verifier; a user's function has no limit."""


def verify_in_pool(
    judge: Judge, items: Iterable[Item], num_workers: int | None = None
) -> Generator[Outcome, None, None]:
    """One outcome an item, in order; the pool lives as long as the iteration.

    Args:
        num_workers: default: the cores this process may use.

    Raises:
        UserError: the verifier could not be made, as when a user's file cannot be imported.
    """
    verifier = judge.verifier
    memory_bytes = None if verifier.kind == "python" else WORKER_MEMORY_BYTES
    target = "tasks.judge.verifiers.registry:build_verifier"
    with KillablePool(target, verifier.limit_seconds, num_workers, (verifier,), memory_bytes) as pool:
        yield from pool.map(items)
