"""The evaluate stage: how good a model is on the held-out sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import revision_evaluated
from tasks.core.files import CHAIN_VERDICTS, CHAINS, HELD_OUT, ITEMS
from tasks.core.stage import Numbers, Stage, without
from tasks.core.step import Summary
from tasks.evaluate import statistics
from tasks.evaluate.correction import numbers
from tasks.judge.kinds.registry import component_versions


class EvaluateNumbers(Numbers):
    """How good a model is.

    Attributes:
        select_accuracy: share of the select set's problems solved, in [0, 1]; the gate's.
        select_gold_logprob: mean log-probability of a token of the select set's gold answers, natural log.
        select_revise_accuracy_t1: of first attempts, where answers are revised, in [0, 1].
    """

    select_accuracy: float
    select_gold_logprob: float | None = None
    select_revise_accuracy_t1: float | None = None

    @classmethod
    def expected(cls, recipe: Recipe) -> Summary | None:
        return {"select_accuracy": math.nan}


_DRAWN = ("steps", "max_turns", "until", "temperature")
"""fields of `evaluate.revise` that enter as what they are drawn by, whichever section says it"""


def _config(recipe: Recipe, _: int) -> Mapping[str, Any]:
    revised = revision_evaluated(recipe)
    own = {} if revised is None else {"revise": revised, "beside": without(recipe.evaluate.revise, *_DRAWN)}
    tool = {} if recipe.interpreter is None else {"interpreter": recipe.interpreter}
    return {
        "evaluate": without(recipe.evaluate, "verifier", "revise", "benchmarks"),
        **own,
        **tool,
        "verifier": recipe.verifier_for_gold(),
        "max_tokens": recipe.evaluate.max_tokens or recipe.episode.max_tokens,
        "stop": recipe.episode.stop,
        "engine": recipe.engine,
    }


def _parts(recipe: Recipe) -> Mapping[str, int | str]:
    best_of = recipe.evaluate.best_of
    judges = [AnswerJudge(verifier=recipe.verifier_for_gold()), *([best_of.judge] if best_of else [])]
    correction = {"correction": numbers.VERSION} if recipe.evaluate.revise else {}
    return {**component_versions(judges), "statistics": statistics.VERSION, **correction}


EVALUATE = Stage(
    "evaluate",
    version=3,
    config=_config,
    reads=tuple(HELD_OUT.values()),
    gives=(ITEMS, *CHAINS.values(), *CHAIN_VERDICTS.values()),
    parts=_parts,
    is_random=lambda recipe: bool(recipe.evaluate.pass_at or recipe.evaluate.best_of or recipe.evaluate.revise),
    loads="generator",
    numbers=EvaluateNumbers,
)
