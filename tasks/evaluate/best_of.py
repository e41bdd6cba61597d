"""Best-of-k by a judge, and maj@k, on held-out problems. Called by the evaluate task where a recipe asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from configs.schema.drawing import Sampling
from configs.schema.evaluate import BestOfN
from tasks.answer.equal import clusters
from tasks.core.bench import Workbench
from tasks.core.records import Label, Problem, Verdict
from tasks.core.roles import Cast
from tasks.core.step import derive_seed
from tasks.evaluate.run import Sampler, evaluation_judge, verified
from tasks.evaluate.subsets import best_at_k, majority_at_k
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World


def best_of_results(
    bench: Workbench,
    settings: BestOfN,
    sampler: Sampler,
    suites: Mapping[str, Sequence[Problem]],
    cast: Cast,
    seed: int,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Fields `best_of` and `majority` of each (suite, problem id): expected correctness for each k of the recipe.

    All samples are drawn before the judge is asked, so that a judge with a model of its own is loaded once.
    """
    sampling = Sampling(temperature=settings.temperature, top_p=settings.top_p)
    draws = {
        suite: list(sampler.draw(problems, sampling, settings.num_samples, derive_seed(seed, "best_of")))
        for suite, problems in suites.items()
    }
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for suite, problems in suites.items():
        facts = verified(draws[suite], problems, evaluation_judge(bench.recipe), sampler.answers)
        world = World({problem.id: problem for problem in problems}, bench, cast, seed, sampler.answers)
        opinions = judge_samples(draws[suite], [settings.judge], world)
        rows = ((one.verdict(None), opinion) for one, opinion in zip(facts, opinions, strict=True))
        for problem_id, group in groupby(rows, key=lambda row: row[0].problem_id):
            found[suite, problem_id] = _expectations(list(group), settings.k)
    return found


def _expectations(rows: Sequence[tuple[Verdict, Verdict]], k: Sequence[int]) -> dict[str, Any]:
    """Samples that the judge could not score rank last, in the order of their draws."""
    ranked = sorted(rows, key=lambda row: float("-inf") if row[1].score is None else row[1].score, reverse=True)
    in_order = [fact.label == Label.CORRECT for fact, _ in ranked]
    one_each = clusters([fact.answer for fact, _ in rows])
    answers = [(answer, fact.label == Label.CORRECT) for answer, (fact, _) in zip(one_each, rows, strict=True)]
    return {
        "best_of": tuple(best_at_k(in_order, number) for number in k),
        "majority": tuple(majority_at_k(answers, number) for number in k),
    }
