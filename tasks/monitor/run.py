"""Monitor: reads what a round drew, judged and kept, and measures it. No model is loaded.

Called by the Prefect task. Holds one problem's samples at a time, besides the train problems, the ids of the kept
samples, the n-grams of the held-out problems and one score and length a sample and judge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from configs.schema.draws.adaptive_rules import accepting_judge
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.recipe import Recipe
from tasks.core.answers import Answers
from tasks.core.files import EXAMPLES, HELD_OUT, PAIRS, SAMPLES, TRAIN_SET
from tasks.core.ledger import Ledger
from tasks.core.records import Example, Pair, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.sources import joined_sources, source_of
from tasks.core.step import Summary
from tasks.judge.judgements import read_as
from tasks.judge.kinds.registry import kind_of
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.monitor.difficulty import first_shares
from tasks.monitor.further_rows import further_rows
from tasks.monitor.gold import gold_is_unknown, has_gold, known_from_judge, known_from_verifier
from tasks.monitor.group import Known, Stopping, read_groups
from tasks.monitor.histograms import write_histograms
from tasks.monitor.measure import Monitor
from tasks.monitor.orders import JudgementColumns
from tasks.monitor.stage import PASS_RATES
from tasks.monitor.steps import RoundSteps
from tasks.monitor.training_rows import TrainingRows


def monitor_round(
    ledger: Ledger, recipe: Recipe, steps: RoundSteps, seed: int, scratch: Scratch, base_dir: Path
) -> Summary:
    """Metrics of a round; writes `histograms.json`, `contamination.json` (flagged held-out problems) and
    `pass_rates.parquet` (of the problems with gold).

    Args:
        seed: of the order of equal scores.
        base_dir: folder that the recipe's relative paths begin at.
    """
    reference = read_pass_rates(ledger, steps.first) if steps.first else None
    earlier = first_shares(steps.first.summary) if steps.first else None
    stopping = stopping_of(recipe, steps.samples[0].round)
    monitor = Monitor(recipe.judge, recipe.select, seed, reference, earlier, stopping)
    training = TrainingRows(read_held_out(ledger, steps.problems))
    training.add_all(read_rows(ledger, steps.selection))
    training.add_texts(further_rows(ledger, recipe, steps, base_dir))
    problems = {row.id: row for row in TRAIN_SET.read(ledger, steps.sampled)}
    sources = [source_of(ledger, *pair) for pair in zip(steps.samples, steps.verdicts, strict=True)]
    candidates = joined_sources(sources, [judge.name for judge in recipe.judge], problems)
    answers = (candidate for candidate in candidates if candidate.sample.is_answer)
    known = find_gold(ledger, recipe, steps, problems, scratch.answers)
    groups = read_groups(answers, training.kept_ids, known, stopping)
    rates = [rate for group in groups if (rate := monitor.add(group)) is not None]
    for watch in monitor.judges:
        if kind_of(watch.judge).gives_opinions:
            watch.add_judgements(read_as(JudgementColumns, ledger, steps.verdicts[0], watch.judge.name))
    PASS_RATES.write(scratch.out, rates)
    write_histograms(scratch.out, monitor.histograms())
    flagged = json.dumps(training.held_out.flagged(), indent=1, sort_keys=True)
    (scratch.out / "contamination.json").write_text(flagged, encoding="utf-8")
    return {**monitor.numbers(), **training.numbers()}


def stopping_of(recipe: Recipe, round: int) -> Stopping | None:
    """What stopped the draws of a round's problems; None: nothing did."""
    config, stopping = recipe.generate, recipe.generate.stopping
    if recipe.online is not None or stopping is None or config.kind != "independent":
        return None
    num_draws = config.texts_in(round)
    return Stopping(accepting_judge(recipe).name, stopping.enough, stopping.most_of_given_up(num_draws))


def find_gold(
    ledger: Ledger, recipe: Recipe, steps: RoundSteps, problems: Mapping[str, Problem], answers: Answers
) -> Known:
    """How correctness against gold is known: by the recipe's answer judge, else by one that is asked here about the
    problems with gold, while the groups are read."""
    judge = recipe.answer_judge()
    if judge is not None:
        return known_from_judge(judge.name)
    verifier = recipe.verifier_for_gold()
    with_gold = {name: problem for name, problem in problems.items() if has_gold(problem, verifier)}
    if not with_gold:
        return gold_is_unknown
    by_rule = AnswerJudge(name="gold", verifier=verifier)

    def verify_all(samples: Iterable[Sample]) -> Iterator[Verdict]:
        return judge_samples(samples, [by_rule], World(with_gold, answers=answers))

    assert len(steps.samples) == 1, "a guide needs an answer judge"
    return known_from_verifier(SAMPLES.read(ledger, steps.samples[0]), with_gold, verify_all)


def read_held_out(ledger: Ledger, problems: StepRef) -> dict[str, list[Problem]]:
    """The held-out sets by name."""
    return {suite: list(table.read(ledger, problems)) for suite, table in HELD_OUT.items()}


def read_rows(ledger: Ledger, selection: StepRef) -> Iterator[Example | Pair]:
    """What a select step gives to training: examples, pairs, or both."""
    if EXAMPLES.is_in(selection):
        yield from EXAMPLES.read(ledger, selection)
    if PAIRS.is_in(selection):
        yield from PAIRS.read(ledger, selection)


def read_pass_rates(ledger: Ledger, first: StepRef) -> dict[str, float]:
    """Round 1's pass rates by problem; empty where gold was not known."""
    return {row.problem_id: row.rate for row in PASS_RATES.read(ledger, first)}
