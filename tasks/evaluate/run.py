"""Evaluate: one greedy sample a problem, draws for pass@k if asked for, judged by the recipe's verifier.

Called by the Prefect task and by `selfloop stage evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, tee

from configs.schema.drawing import Sampling
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import VERIFIER
from infra.engines.questions import Missing, Scoring
from tasks.core.answers import Answerer, Answers
from tasks.core.joined import Candidate, grouped, joined
from tasks.core.records import FinishReason, ItemResult, Problem, Sample
from tasks.evaluate.evaluate import item_results
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY, chat_of
from tasks.sample.partners import tool_of

PROBLEMS_PER_SHARD = 512
"""at least: engines fill their batches within a shard, and most evaluations draw one sample a problem"""
PROBLEMS_AT_ONCE = 16 * PROBLEMS_PER_SHARD
"""that are in memory: of larger sets one part is drawn and judged after the other"""


@dataclass(frozen=True)
class Sampler:
    """Draws with one model and the recipe's length and stop settings.

    Attributes:
        model: its digest.
        max_tokens: of an answer; default: the recipe's.
    """

    recipe: Recipe
    who: Answerer
    model: str
    answers: Answers
    max_tokens: int | None = None

    def draw(self, problems: Sequence[Problem], sampling: Sampling, num_samples: int, seed: int) -> Iterator[Sample]:
        """`num_samples` of each problem, in their order, as they come; without text where it is missing."""
        max_tokens = self.max_tokens or self.recipe.evaluate.max_tokens or self.recipe.episode.max_tokens
        sampling = sampling.model_copy(update={"max_tokens": max_tokens, "stop": self.recipe.episode.stop})
        shard_size = max(PROBLEMS_PER_SHARD, self.answers.shard_size)
        partners = Partners(self.answers, {POLICY: self.who}, shard_size=shard_size, tool=tool_of(self.recipe))
        sampler = Independent([Draws(sampling, num_samples)], self.model)
        for episode in drive(sampler, problems, partners, seed):
            yield from with_missing(episode.problem, episode.nodes, num_samples, self.model)


def with_missing(problem: Problem, samples: Sequence[Sample], num_samples: int, model: str) -> Iterator[Sample]:
    """The samples of a problem, and one without text for each draw that is missing: every problem counts."""
    found = {sample.index: sample for sample in samples}
    for index in range(num_samples):
        yield found.get(index) or Sample(
            f"{problem.id}/{index}", problem.id, index, "", FinishReason.MISSING, 0, None, model
        )


def evaluate_suites(
    sampler: Sampler, suites: Mapping[str, Iterable[Problem]], recipe: Recipe, seed: int
) -> Iterator[ItemResult]:
    """One result a problem, suite after suite; a bounded number of problems is in memory.

    Args:
        suites: problems by suite name (select, report).
        seed: of the draws for pass@k.
    """
    for suite, problems in suites.items():
        waiting = iter(problems)
        while part := list(islice(waiting, PROBLEMS_AT_ONCE)):
            yield from _evaluate_part(sampler, suite, part, recipe, seed)


def _evaluate_part(
    sampler: Sampler, suite: str, problems: Sequence[Problem], recipe: Recipe, seed: int
) -> Iterator[ItemResult]:
    greedy: Iterable[Sample] = sampler.draw(problems, Sampling(temperature=0.0), 1, seed)
    draws: list[Sample] = []
    if pass_at := recipe.evaluate.pass_at:
        sampling = Sampling(temperature=pass_at.temperature, top_p=pass_at.top_p)
        greedy = list(greedy)  # drawn before the further draws: each is one stream of requests
        draws = list(sampler.draw(problems, sampling, pass_at.num_samples, seed))
    judge = evaluation_judge(recipe)
    judged = [verified(samples, problems, judge, sampler.answers) for samples in (greedy, draws)]
    yield from item_results(suite, problems, judged[0], grouped(judged[1]))


def greedily_judged(
    sampler: Sampler, problems: Sequence[Problem], judge: AnswerJudge, seed: int
) -> Iterator[Candidate]:
    """One greedy sample a problem, in their order, with its verdict."""
    return verified(sampler.draw(problems, Sampling(temperature=0.0), 1, seed), problems, judge, sampler.answers)


def gold_logprob(sampler: Sampler, problems: Iterable[Problem]) -> float | None:
    """Mean log-probability of a token of the held-out gold texts (worked solutions, else answers) under the model.

    None where no problem has one.
    """
    items = (
        Scoring(problem.id, chat_of(problem), text)
        for problem in problems
        if (text := problem.solution or problem.gold)
    )
    total, num_tokens = 0.0, 0
    for score in sampler.answers.score(sampler.who, items):
        if not isinstance(score, Missing):
            total, num_tokens = total + score.logprob, num_tokens + score.num_tokens
    return total / num_tokens if num_tokens else None


def evaluation_judge(recipe: Recipe) -> AnswerJudge:
    """The verifier of evaluations, as a judge."""
    return AnswerJudge(name=VERIFIER, verifier=recipe.verifier_for_gold())


def verified(
    samples: Iterable[Sample], problems: Sequence[Problem], judge: AnswerJudge, answers: Answers
) -> Iterator[Candidate]:
    """The samples with what the verifier says of them, as they come; those it reads ahead are in memory."""
    known = {problem.id: problem for problem in problems}
    own, judged = tee(samples)
    return joined(own, judge_samples(judged, [judge], World(known, answers=answers)), [judge.name], known)
