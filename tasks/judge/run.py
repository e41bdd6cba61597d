"""The judge stage joined to models and to the pool of killable workers. Called by `task.py` and `now.py`, and by the
evaluation for its verifier."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from configs.schema.judge import AnswerJudge, ImportanceJudge, VoteJudge
from configs.schema.problems import StoreSource
from infra.sandbox.bubblewrap import START_SECONDS
from infra.sandbox.killable import KillablePool, Outcome
from tasks.core.bench import Workbench
from tasks.core.joined import Group, group_samples
from tasks.core.progress import StageProgress
from tasks.core.prompts import read_prompt
from tasks.core.records import Judgement, Problem, Sample
from tasks.core.roles import Pool
from tasks.core.step import derive_seed
from tasks.judge.ask import Asking, ask_shards, asking_of
from tasks.judge.groups import GroupShard
from tasks.judge.importance import TRUSTED, trusted_groups
from tasks.judge.passes import Pass
from tasks.judge.verifiers.registry import Item
from tasks.sample.problems.sources import read_problems

WORKER_MEMORY_BYTES = 2 * 2**30
"""Most memory of a worker that runs a built-in verifier; a user's function has no limit."""


def verify_in_pool(
    judge: AnswerJudge | VoteJudge, items: Iterable[Item], num_workers: int | None = None
) -> Generator[Outcome, None, None]:
    """One outcome an item, in order; the pool lives as long as the iteration. A vote judge's answers are only found.

    Args:
        num_workers: default: the cores this process may use.

    Raises:
        UserError: the verifier could not be made, as when a user's file cannot be imported.
    """
    verifier = judge.verifier
    memory_bytes = None if verifier.kind == "python" else WORKER_MEMORY_BYTES
    maker = "build_extractor" if isinstance(judge, VoteJudge) else "build_verifier"
    target = f"tasks.judge.verifiers.registry:{maker}"
    start_seconds = 2 * START_SECONDS if verifier.kind == "code" else 0.0  # the program's sandbox and the tests' one
    with KillablePool(target, verifier.limit_seconds + start_seconds, num_workers, (verifier,), memory_bytes) as pool:
        yield from pool.map(items)


def ask_pass(
    bench: Workbench, step: Pass, shards: Iterable[GroupShard[Group]], seed: int, progress: StageProgress
) -> Iterator[tuple[GroupShard[Group], list[Judgement]]]:
    """Each shard with its judgements, as shards finish; the model is loaded only if there is a shard."""
    asking = asking_of(step.judge, prompt_text(bench, step.judge), derive_seed(seed, step.judge.name))
    yield from ask_lazily(lambda: step.open(bench), asking, shards, progress)


def ask_lazily(
    open_pool: Callable[[], Pool], asking: Asking, shards: Iterable[GroupShard[Any]], progress: StageProgress
) -> Iterator[tuple[GroupShard[Any], list[Judgement]]]:
    """As `ask_shards`; the pool is opened only if there is a shard."""
    waiting = iter(shards)
    first = next(waiting, None)
    if first is None:
        return

    def show(done: int, tokens: int) -> None:
        progress.update(done, None, f"{asking.name}: {tokens} tokens")

    yield from ask_shards(open_pool(), asking, chain([first], waiting), show)


def pass_groups(
    bench: Workbench,
    step: Pass,
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    held_out: Iterable[Problem],
) -> Iterable[Group]:
    """What a pass is about: the samples, or the judge's trusted set.

    Args:
        held_out: problems of the select and report sets, none of which may be trusted.
    """
    if step.part != TRUSTED:
        return group_samples(samples, problems)
    assert isinstance(step.judge, ImportanceJudge)
    source = step.judge.trusted  # built-in problems come from the share that is for learning
    trusted = read_problems(source, part="warm_start", fetch=fetcher(bench), base_dir=bench.base_dir)
    return trusted_groups(trusted, held_out)


def prompt_text(bench: Workbench, judge: Any) -> str:
    """Text of a judge's prompt; empty for judges without one."""
    name = getattr(judge, "prompt", None)
    return "" if name is None else read_prompt(name, bench.base_dir)


def fetcher(bench: Workbench) -> Callable[[StoreSource], Any]:
    """Brings objects of the store that a problem source names."""
    return lambda source: bench.ledger.fetch_object(source.key, source.sha256)
