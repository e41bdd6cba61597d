"""Held-out problems are revised: chains are drawn, judged and stored, and set beside as many tokens of plain draws.

Called by the evaluate task where a recipe asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from configs.schema.drawing import Sampling
from configs.schema.revision.evaluate import ReviseEvaluation
from tasks.core.files import CHAIN_VERDICTS, CHAINS
from tasks.core.records import Problem
from tasks.core.step import derive_seed
from tasks.evaluate.correction.chains import answers_of, attempts_judged, course_of
from tasks.evaluate.correction.course import Course
from tasks.evaluate.correction.gate import best_threshold, gate_numbers
from tasks.evaluate.correction.numbers import correction_numbers
from tasks.evaluate.correction.reviser import Reviser
from tasks.evaluate.correction.trees import tree_numbers, tree_of
from tasks.evaluate.run import Sampler, verified
from tasks.evaluate.subsets import Answers as AnswersDrawn
from tasks.sample.drive import Partners, drive
from tasks.sample.revision.executions import tells_graded_tests


def correction_results(
    asked: ReviseEvaluation,
    reviser: Reviser,
    partners: Partners,
    sampler: Sampler,
    suites: Mapping[str, Sequence[Problem]],
    out: Path,
    seed: int,
) -> dict[str, float]:
    """Numbers of each suite, named `SUITE_revise_NAME`; the chains and the verdicts on their attempts are written.

    Args:
        sampler: of the same model; draws what revising is compared with.
        suites: problems by suite name (select, report), in this order: what is tuned on the first holds for all.
        seed: of the stage. Draws with the settings of pass@k are those of pass@k, and greedy first attempts those that
            accuracy is measured on: what was answered is not asked again.
    """
    drawn = {suite: _draws(asked, reviser, sampler, problems, seed) for suite, problems in suites.items()}
    found: dict[str, float] = {}
    threshold: float | None = None
    for suite, problems in suites.items():
        courses = list(_courses(reviser, partners, suite, problems, out, seed))
        draws = drawn[suite]
        beside = None if draws is None else [draws[course.problem_id] for course in courses]
        turns, bootstrap = reviser.sampler.config.max_turns, derive_seed(seed, "bootstrap", suite)
        numbers = correction_numbers(courses, beside, turns, bootstrap, oracle=asked.oracle)
        if asked.gate is not None and courses and suite == next(iter(suites)):
            threshold = best_threshold(courses, turns, asked.gate.grid)
        numbers |= gate_numbers(courses, turns, threshold) if threshold is not None and courses else {}
        numbers |= _repairs(asked, reviser, partners, problems, seed) if problems else {}
        if problems and tells_graded_tests(reviser.sampler.steps, reviser.sampler.judges):
            numbers["revise_oracle_feedback"] = 1.0
        found |= {f"{suite}_{name}": value for name, value in numbers.items()}
    return found


def _repairs(
    asked: ReviseEvaluation, reviser: Reviser, partners: Partners, problems: Sequence[Problem], seed: int
) -> dict[str, float]:
    """Numbers of repair trees, where they are asked for; their texts are not kept."""
    if reviser.trees is None or asked.trees is None:
        return {}
    episodes = drive(reviser.trees, problems, partners, seed)
    trees = [tree_of(episode, reviser.judge.name, asked.trees.num_samples) for episode in episodes]
    return {f"revise_{name}": value for name, value in tree_numbers(trees, asked.trees).items()}


def _draws(
    asked: ReviseEvaluation, reviser: Reviser, sampler: Sampler, problems: Sequence[Problem], seed: int
) -> dict[str, AnswersDrawn] | None:
    if asked.resample is None:
        return None
    sampling = Sampling(temperature=asked.resample.temperature)
    samples = list(sampler.draw(problems, sampling, asked.resample.num_samples, seed))
    facts = verified(samples, problems, reviser.judge, sampler.answers)
    return answers_of(samples, [one.verdict(None) for one in facts])


def _courses(
    reviser: Reviser, partners: Partners, suite: str, problems: Sequence[Problem], out: Path, seed: int
) -> Iterator[Course]:
    """The courses of a suite; each one's texts are written on the way."""
    name, gate = reviser.judge.name, reviser.gate.name if reviser.gate else None
    with CHAINS[suite].writer(out) as texts, CHAIN_VERDICTS[suite].writer(out) as verdicts:
        for episode in drive(reviser.sampler, problems, partners, seed):
            for node in episode.nodes:
                texts.add(node)
            for verdict in attempts_judged(episode, name):
                verdicts.add(verdict)
            yield course_of(episode, name, gate)
