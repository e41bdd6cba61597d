"""Prefect task of the evaluate stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, ITEMS
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.evaluate.best_of import best_of_results
from tasks.evaluate.correction.reviser import reviser_of
from tasks.evaluate.correction.run import correction_results
from tasks.evaluate.evaluate import extras_of, summarize
from tasks.evaluate.run import Sampler, evaluate_suites, gold_logprob
from tasks.evaluate.stage import EVALUATE
from tasks.judge.stage import judging_identity


@stage_task(EVALUATE)
def evaluate(bench: Workbench, round: int, model: ModelRef, problems: StepRef, cast: Cast) -> StepRef:
    """Results of a model on both held-out sets, one row a problem: `items.parquet`; of `evaluate.revise` the texts of
    the chains too, `chains_SUITE.parquet`, with `chain_verdicts_SUITE.parquet`.

    Args:
        cast: who judges where best-of-k is asked for, and who else writes where problems are revised; `live` are the
            model evaluated and what roles were trained to.
    """
    recipe = bench.recipe
    best_of = recipe.evaluate.best_of
    judging = judging_identity(bench, [best_of.judge], cast) if best_of else None
    reviser = reviser_of(bench, model, cast)
    told: dict[str, Any] = {"reviser": reviser.identity(bench, cast)} if reviser else {}
    spec = EVALUATE.spec(recipe, bench.contents, round, {"model": model, "problems": problems}, best_of=judging, **told)

    def produce(scratch: Scratch) -> Summary:
        suites = {suite: list(table.read(bench.ledger, problems)) for suite, table in HELD_OUT.items()}
        seed = spec.seed or 0
        sampler = Sampler(recipe, policy_answerer(bench, model), model.digest, scratch.answers)
        items = list(evaluate_suites(sampler, suites, recipe, seed))
        drift = gold_logprob(sampler, suites["select"])  # while the candidate is loaded: a judge may be another model
        revised: dict[str, float] = {}
        if reviser and recipe.evaluate.revise:
            partners = reviser.partners(bench, model, cast, seed, scratch.answers)
            asked = recipe.evaluate.revise
            revised = correction_results(asked, reviser, partners, sampler, suites, scratch.out, seed)
        if best_of:
            found = best_of_results(bench, best_of, sampler, suites, cast, seed)
            items = [replace(item, **found[item.suite, item.problem_id]) for item in items]
        ITEMS.write(scratch.out, items)
        return {**summarize(items, extras_of(recipe.evaluate)), **revised, "select_gold_logprob": drift}

    return bench.step(spec, produce)
