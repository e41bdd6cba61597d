"""`selfloop doctor --verifiers`: the recipe's verifiers over the recipe's own gold answers, and what they confuse."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from configs.errors import RecipeError, UserError
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import Verifier
from flows.services.addresses import resolve_addresses
from infra.store.address import open_store
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.progress import Progress
from tasks.core.records import Problem
from tasks.judge.trials.trials import Outcome, refusal, run_trials, trials_of
from tasks.sample.problems.run import read_each

LINES_SHOWN = 5
"""gold answers printed for one reason, or for one spelling"""

QUOTED_CHARACTERS = 60


@dataclass
class Report:
    """What became of one verifier's trial.

    Attributes:
        num_golds: different gold answers in all sets of the recipe.
        tried: those that were tried.
        refused: problems whose gold answer could not be tried, each with the reason.
        confused: trials whose outcome is not right.
        num_without_right: of those tried, problems of which no right answer was known: only a wrong one was tried.
    """

    name: str
    num_golds: int
    tried: list[Problem]
    refused: list[tuple[Problem, str]] = field(default_factory=list)
    confused: list[Outcome] = field(default_factory=list)
    num_trials: int = 0
    num_without_right: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether everything could be tried and was told apart."""
        return not self.refused and not self.confused

    def lines(self) -> Iterator[str]:
        """The report as text: what cannot be tried, then what is confused, spelling by spelling."""
        num_tried = len(self.tried) + len(self.refused)
        drawn = "" if num_tried == self.num_golds else ", drawn at random (--limit tries more)"
        yield f"{self.name}: {self.num_trials:,} texts for {num_tried:,} of {self.num_golds:,} gold answers{drawn}"
        if self.num_without_right:
            yield (
                f"  of {self.num_without_right:,} problems nothing right could be tried, only that what does nothing "
                "is wrong: they have no worked solution (mapping.solution: {field: ...})"
            )
        if self.is_clean and self.num_without_right == len(self.tried):
            return
        if self.is_clean:
            yield "  every gold answer is read in every spelling, and told from others"
            return
        yield from _first([f"  problem {problem.id} {reason}" for problem, reason in self.refused])
        for spelling in dict.fromkeys(outcome.trial.spelling for outcome in self.confused):
            alike = [outcome for outcome in self.confused if outcome.trial.spelling == spelling]
            yield from _first([_confusion(outcome) for outcome in alike])
        num_confused = len({outcome.trial.problem.gold for outcome in self.confused})
        yield (
            f"  in all: {len(self.refused):,} gold answers cannot be tried; {num_confused:,} are not read in every "
            f"spelling, or not told from others ({len(self.confused):,} texts)"
        )


def try_verifiers(recipe: Recipe, base_dir: Path, limit: int, progress: Progress) -> list[Report]:
    """One report for each verifier of the recipe that compares with gold answers.

    Args:
        limit: gold answers that are tried of each verifier, drawn with the recipe's seed; 0: all.

    Raises:
        UserError: a problem source is missing or unreadable, there is nothing to compare, or `limit` is negative.
    """
    if limit < 0:
        raise UserError(f"--limit {limit}: there is no such number of gold answers", "write a number from 0 on; 0: all")
    verifiers = verifiers_of(recipe)
    problems = _distinct(read_problems_of(recipe, base_dir))
    return [_try(name, verifier, problems, limit, recipe.seed, progress) for name, verifier in verifiers.items()]


def verifiers_of(recipe: Recipe) -> dict[str, Verifier]:
    """Verifiers that compare with gold answers, by what is said of them: of judges, evaluation and phases, once each.

    Raises:
        RecipeError: there is none, or only functions of the user's.
    """
    found: dict[str, Verifier] = {}
    for one in (recipe, *(recipe.of_phase(index) for index in range(len(recipe.phases)))):
        rules = {f"judge '{judge.name}'": judge.rule for judge in one.judge if judge.reads_gold and judge.rule}
        if one.evaluate.verifier is not None:
            rules["evaluate.verifier"] = one.evaluate.verifier
        for name, rule in rules.items():
            if rule.kind != "python" and rule not in found.values():
                found[f"{name} ({rule.kind})"] = rule
    if not found:
        raise RecipeError(
            "the recipe has no verifier that compares answers with gold by a rule of selfloop's",
            "add a judge, such as {kind: answer, verifier: {kind: number}}",
        )
    return found


def read_problems_of(recipe: Recipe, base_dir: Path) -> list[Problem]:
    """The problems of the three sets, read as a run reads them; gold answers that a run would refuse are kept."""
    store = open_store(resolve_addresses(recipe.services).store)
    with (
        tempfile.TemporaryDirectory(prefix="selfloop-") as folder,
        Workbench(recipe, Ledger(store, Path(folder), {}), base_dir) as bench,
    ):
        sets = read_each(bench).problems
    return [problem for name in ("train", "select", "report") for problem in sets[name]]


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    """One problem for each gold answer."""
    return list({problem.gold: problem for problem in problems if problem.gold is not None}.values())


def _try(name: str, verifier: Verifier, problems: list[Problem], limit: int, seed: int, progress: Progress) -> Report:
    drawn = (
        problems if limit == 0 or limit >= len(problems) else random.Random(f"doctor {seed}").sample(problems, limit)
    )
    reasons = [(problem, refusal(problem, verifier)) for problem in drawn]
    tried = [problem for problem, reason in reasons if reason is None]
    report = Report(
        name, len(problems), tried, [(problem, reason) for problem, reason in reasons if reason is not None]
    )
    trials = [[trial.is_same for trial in trials_of(problem, verifier)] for problem in report.tried]
    total = sum(map(len, trials))
    report.num_without_right = sum(not any(own) for own in trials)
    with progress.stage(name) as bar:
        for outcome in run_trials(report.tried, verifier):
            report.num_trials += 1
            if not outcome.is_right:
                report.confused.append(outcome)
            bar.update(report.num_trials, total, f"{len(report.confused)} found")
    return report


def _confusion(outcome: Outcome) -> str:
    trial = outcome.trial
    said = f"is {outcome.label}" if trial.is_same else f"is another answer, and is {outcome.label}"
    note = f" ({outcome.note})" if outcome.note and outcome.note.strip() else ""
    return f"  {_name(trial.problem)}, {trial.spelling}: {_quote(trial.text)} {said}{note[:120]}"


def _name(problem: Problem) -> str:
    gold = problem.gold or ""
    return f"gold {gold!r}" if len(gold) <= QUOTED_CHARACTERS else f"problem {problem.id}"


def _first(lines: list[str]) -> list[str]:
    """The first lines, and how many follow."""
    rest = [f"    and {len(lines) - LINES_SHOWN:,} more"] if len(lines) > LINES_SHOWN else []
    return lines[:LINES_SHOWN] + rest


def _quote(text: str) -> str:
    return repr(text if len(text) <= QUOTED_CHARACTERS else f"{text[: QUOTED_CHARACTERS - 3]}...")
