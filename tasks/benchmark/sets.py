"""Problem sets of one's own, asked of the session that is open: one greedy answer a problem, compared with its gold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean

from configs.schema.benchmarks import SET_PREFIX, BenchmarkSet
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import VERIFIER
from tasks.benchmark.scores import ONE_WAY
from tasks.core.files import set_called
from tasks.core.joined import Candidate
from tasks.core.ledger import Ledger
from tasks.core.records import BenchmarkItem, BenchmarkScore, Label, Problem
from tasks.core.refs import StepRef
from tasks.evaluate.run import Sampler, greedily_judged

ACCURACY = "accuracy"


def read_benchmark_sets(ledger: Ledger, recipe: Recipe, problems: StepRef) -> dict[str, list[Problem]]:
    """The problems of each set of the recipe, by its name there."""
    asked = recipe.evaluate.benchmarks
    names = asked.sets if asked else ()
    return {name: list(set_called(f"{SET_PREFIX}{name}").read(ledger, problems)) for name in names}


def verifier_of(config: BenchmarkSet, recipe: Recipe) -> AnswerJudge:
    """What compares the answers of a set, as a judge."""
    return AnswerJudge(name=VERIFIER, verifier=config.verifier or recipe.verifier_for_gold())


def ask_sets(
    sampler: Sampler, sets: Mapping[str, Sequence[Problem]], seed: int
) -> tuple[list[BenchmarkScore], list[BenchmarkItem]]:
    """A score for each set, named as its metric `accuracy`, and an item for each problem."""
    config = sampler.recipe.evaluate.benchmarks
    assert config is not None, "the recipe has benchmarks"
    scores, items = [], []
    for name, problems in sets.items():
        own = replace(sampler, max_tokens=config.sets[name].max_tokens or sampler.max_tokens)
        judged = greedily_judged(own, problems, verifier_of(config.sets[name], sampler.recipe), seed)
        found = [_item(name, number, one) for number, one in enumerate(judged)]
        items += found
        scores.append(_score(name, [json.loads(item.metrics)[ACCURACY] for item in found]))
    return scores, items


def _score(name: str, rights: Sequence[float]) -> BenchmarkScore:
    """The standard error is that of a mean, as lm-evaluation-harness has it."""
    share, count = fmean(rights), len(rights)
    error = math.sqrt(share * (1 - share) / (count - 1)) if count > 1 else None
    return BenchmarkScore(name, ACCURACY, ONE_WAY, share, error, count, num_fewshot=None, is_part=False)


def _item(name: str, number: int, one: Candidate) -> BenchmarkItem:
    verdict, problem = one.verdict(None), one.problem
    return BenchmarkItem(
        name, ONE_WAY, number, problem.messages[-1].content, problem.gold or "",
        responses=_json([one.sample.text]), answer=_json(verdict.answer),
        metrics=_json({ACCURACY: float(verdict.label == Label.CORRECT)}), document=_json(asdict(problem)),
    )  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
