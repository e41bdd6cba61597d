"""Evaluate: one greedy sample a problem, draws for pass@k if asked for, judged by the recipe's verifier.

Called by the Prefect task and by `selfloop stage evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from configs.schema.generate import Sampling
from configs.schema.judge import AnswerJudge
from configs.schema.recipe import Recipe
from infra.engines.pool import GeneratorPool
from infra.engines.wire import Scoring
from tasks.core.progress import StageProgress
from tasks.core.records import ItemResult, Problem, Sample, Verdict
from tasks.evaluate.evaluate import item_results
from tasks.generate.run import sample_shards
from tasks.generate.shards import cut_shards
from tasks.judge.judge import judge_samples
from tasks.judge.run import verify_in_pool

PROBLEMS_PER_SHARD = 512
"""Engines fill their batches within a shard; evaluation publishes none, so its shards are large."""


class Sampler:
    """Draws with one generator and the recipe's length and stop settings."""

    def __init__(self, pool: GeneratorPool, recipe: Recipe, model_digest: str, progress: StageProgress) -> None:
        self._pool, self._recipe = pool, recipe
        self._model_digest, self._progress = model_digest, progress

    def draw(self, problems: Sequence[Problem], sampling: Sampling, num_samples: int, seed: int) -> list[Sample]:
        """`num_samples` of each problem, in the order of the problems."""
        max_tokens = self._recipe.evaluate.max_tokens or self._recipe.generate.max_tokens
        sampling = sampling.model_copy(update={"max_tokens": max_tokens, "stop": self._recipe.generate.stop})
        shards = list(cut_shards(problems, PROBLEMS_PER_SHARD))
        finished = sample_shards(self._pool, shards, sampling, num_samples, seed, self._model_digest, self._progress)
        by_name = {shard.name: samples for shard, samples in finished}
        return [sample for shard in shards for sample in by_name[shard.name]]


def evaluate_suites(
    sampler: Sampler, suites: Mapping[str, Sequence[Problem]], recipe: Recipe, seed: int
) -> Iterator[ItemResult]:
    """One result a problem, suite after suite.

    Args:
        suites: problems by suite name (select, report).
        seed: of the draws for pass@k.
    """
    judge = evaluation_judge(recipe)
    for suite, problems in suites.items():
        greedy = sampler.draw(problems, Sampling(temperature=0.0), 1, seed)
        draws: list[Sample] = []
        if pass_at := recipe.evaluate.pass_at:
            sampling = Sampling(temperature=pass_at.temperature, top_p=pass_at.top_p)
            draws = sampler.draw(problems, sampling, pass_at.num_samples, seed)
        verdicts = [verify(samples, problems, judge) for samples in (greedy, draws)]
        yield from item_results(suite, problems, greedy, verdicts[0], draws, verdicts[1])


def gold_logprob(pool: GeneratorPool, problems: Sequence[Problem]) -> float | None:
    """Mean log-probability of a token of the held-out gold texts (worked solutions, else answers) under the model.

    None where no problem has one.
    """
    texts = [(problem, problem.solution or problem.gold) for problem in problems]
    items = [
        Scoring(problem.id, tuple((message.role, message.content) for message in problem.messages), text)
        for problem, text in texts
        if text
    ]
    scores = pool.score(items) if items else []
    num_tokens = sum(score.num_tokens for score in scores)
    return sum(score.logprob for score in scores) / num_tokens if num_tokens else None


def evaluation_judge(recipe: Recipe) -> AnswerJudge:
    """The verifier of evaluations, as a judge."""
    return AnswerJudge(name="evaluation", verifier=recipe.verifier_for_gold())


def verify(samples: Sequence[Sample], problems: Sequence[Problem], judge: AnswerJudge) -> Iterator[Verdict]:
    """One verdict a sample."""
    return judge_samples(samples, {problem.id: problem for problem in problems}, [judge], verify_in_pool)
