"""The whole evaluation of one model: greedy samples, further draws, best-of-k and revisions, as far as the recipe asks.

Called by the evaluate task and by `selfloop stage evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.files import ITEMS
from tasks.core.records import Problem
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.step import Summary
from tasks.core.tables import read_records
from tasks.evaluate.best_of import best_of_results
from tasks.evaluate.correction.reviser import Reviser
from tasks.evaluate.correction.run import correction_results
from tasks.evaluate.evaluate import extras_of, summarize
from tasks.evaluate.run import Sampler, evaluate_suites, gold_logprob


def evaluate_model(
    bench: Workbench,
    model: ModelRef,
    cast: Cast,
    reviser: Reviser | None,
    suites: Mapping[str, Iterable[Problem]],
    answers: Answers,
    out: Path,
    seed: int,
) -> Summary:
    """The step's numbers; `items.parquet`, and the chains where problems are revised, are written into a folder.

    Args:
        cast: who judges, and who else writes.
        reviser: of `reviser_of`.
        suites: problems by suite name (select, report), to be gone through more than once.
        answers: where what is asked is looked up and kept.
    """
    settings = bench.recipe.evaluate
    sampler = Sampler(bench.recipe, policy_answerer(bench, model), model.digest, answers)
    ITEMS.write(out, evaluate_suites(sampler, suites, bench.recipe, seed))
    drift = gold_logprob(sampler, suites["select"])  # while the candidate is loaded: a judge may be another model
    revised: dict[str, float] = {}
    needs_all = settings.revise is not None or settings.best_of is not None
    whole = {suite: list(problems) for suite, problems in suites.items()} if needs_all else {}
    if reviser and settings.revise:
        partners = reviser.partners(bench, model, cast, seed, answers)
        revised = correction_results(settings.revise, reviser, partners, sampler, whole, out, seed)
    if settings.best_of:
        found = best_of_results(bench, settings.best_of, sampler, whole, cast, seed)
        items = list(read_records(out / ITEMS.name, ITEMS.record))
        ITEMS.write(out, (replace(item, **found[item.suite, item.problem_id]) for item in items))
    numbers = summarize(read_records(out / ITEMS.name, ITEMS.record), extras_of(settings))
    return {**numbers, **revised, "select_gold_logprob": drift}
