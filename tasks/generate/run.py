"""Generate: independent samples from an open generator, shard by shard.

Called by the Prefect task, by `selfloop stage generate`, and by evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from configs.schema.generate import Sampling
from infra.engines.pool import GeneratorPool
from infra.engines.wire import Completion, Request, Shard
from tasks.core.progress import StageProgress
from tasks.core.records import Problem, Sample
from tasks.core.step import derive_seed
from tasks.generate.shards import PlannedShard


def sample_shards(
    pool: GeneratorPool,
    shards: Sequence[PlannedShard],
    sampling: Sampling,
    num_samples: int,
    seed: int,
    model_digest: str,
    progress: StageProgress,
) -> Iterator[tuple[PlannedShard, list[Sample]]]:
    """Each shard with its samples, as shards finish; within a shard problem by problem, in order of `index`.

    Args:
        num_samples: draws per problem.
        seed: of the stage; a problem's draws depend on it and on the problem's id.
        model_digest: written into every sample.

    Raises:
        EngineError: the engine could not load the model, or died; the message gives its reason and its log.
    """
    planned = {shard.name: shard for shard in shards}
    total = num_samples * sum(len(shard.problems) for shard in shards)

    def show(done: int, tokens: int) -> None:
        progress.update(done, total, f"{tokens} tokens")

    requests = (_to_shard(shard, sampling, num_samples, seed) for shard in shards)
    for finished, completions in pool.generate(requests, show):
        shard = planned[finished.name]
        yield shard, list(_to_samples(shard.problems, completions, model_digest))


def _to_shard(shard: PlannedShard, sampling: Sampling, num_samples: int, seed: int) -> Shard:
    requests = (to_request(problem, num_samples, derive_seed(seed, problem.id)) for problem in shard.problems)
    return Shard(shard.name, tuple(requests), sampling)


def to_request(problem: Problem, num_samples: int, seed: int) -> Request:
    """What an engine reads of a problem."""
    messages = tuple((message.role, message.content) for message in problem.messages)
    return Request(problem.id, messages, num_samples, seed=seed)


def _to_samples(problems: Iterable[Problem], completions: Iterable[Completion], model: str) -> Iterator[Sample]:
    order = {problem.id: place for place, problem in enumerate(problems)}
    for item in sorted(completions, key=lambda item: (order[item.request_id], item.index)):
        yield Sample(
            id=f"{item.request_id}/{item.index}",
            problem_id=item.request_id,
            index=item.index,
            text=item.text,
            finish_reason=item.finish_reason,
            num_tokens=item.num_tokens,
            logprob=item.logprob,
            model=model,
        )
