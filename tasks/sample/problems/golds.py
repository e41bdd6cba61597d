"""Gold answers, read by the verifiers that will compare with them, before any model is loaded.

Called by `sources.py` for each row that is read, and by `run.py` for sets that were read before, under other verifiers.
What a verifier cannot read whole is told, each with its row or problem and the reason.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from configs.errors import ProblemsError
from configs.schema.problems import SETS
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import Verifier
from tasks.core.records import Problem
from tasks.judge.verifiers.registry import explain_gold
from tasks.sample.problems.sets import quote

MAX_LISTED = 20
"""golds that one message shows"""


def verifiers_of_sets(recipe: Recipe) -> dict[str, tuple[Verifier, ...]]:
    """What compares with the gold answers of a set, in any phase: judges with those of train, the evaluation with the
    held-out ones and with those of benchmarks. Functions of the user's read gold as they like."""
    found: dict[str, dict[Verifier, None]] = {name: {} for name in SETS}
    for one in (recipe, *(recipe.of_phase(index) for index in range(len(recipe.phases)))):
        judged = [judge.rule for judge in one.judge if judge.reads_gold and judge.rule is not None]
        best_of = one.evaluate.best_of
        measured = [one.verifier_for_gold()]
        if best_of is not None and best_of.judge.reads_gold and best_of.judge.rule is not None:
            measured.append(best_of.judge.rule)
        found["train"] |= dict.fromkeys(judged)
        for name in ("select", "report"):
            found[name] |= dict.fromkeys(measured)
    for name, asked in recipe.benchmark_sets().items():
        found[name] = {asked.verifier or recipe.verifier_for_gold(): None}
    return {name: tuple(rule for rule in rules if rule.kind != "python") for name, rules in found.items()}


class GoldReader:
    """Reads gold answers as the verifiers of a set do; one that comes often is read once.

    Args:
        verifiers: those that will compare with them; none asks for nothing.
    """

    def __init__(self, verifiers: Iterable[Verifier]) -> None:
        self._explain = [
            (one.kind, functools.lru_cache(GOLDS_KEPT)(functools.partial(explain_gold, config=one)))
            for one in verifiers
        ]

    def require(self, problem: Problem, label: str) -> None:
        """Nothing, where all of them can read the problem's gold answer whole.

        Raises:
            ProblemsError: one cannot, and why; names the row by its label.
        """
        for kind, explain in self._explain:
            if (complaint := explain(problem.gold)) is not None:
                raise ProblemsError(
                    f"{label} ({quote(problem)}) {complaint}, and the verifier {kind} compares with it",
                    _fix(problem, kind),
                )


def _fix(problem: Problem, kind: str) -> str:
    if problem.gold is None:
        return "say where the answer is: mapping.answer: {field: ..., pattern: ...}"
    return FIXES_OF_GOLD.get(kind, OTHER_GOLDS)


GOLDS_KEPT = 1 << 16
"""different gold answers that are remembered"""


def require_readable_gold(problems: Iterable[Problem], part: str, verifier: Verifier) -> None:
    """Nothing, where the verifier can read every gold answer whole.

    Raises:
        ProblemsError: lists the problems whose answer it cannot read, with the answers and why.
    """
    unread, num_problems = [], 0
    for place, problem in enumerate(problems):
        num_problems += 1
        complaint = explain_gold(problem.gold, verifier)
        if complaint is not None:
            unread.append(f"number {place} ({problem.id}) {complaint}")
    if unread:
        more = f"\n  and {len(unread) - MAX_LISTED} more" if len(unread) > MAX_LISTED else ""
        listed = "".join(f"\n  {line}" for line in unread[:MAX_LISTED])
        raise ProblemsError(
            f"{len(unread)} of {num_problems} problems of the {part} set have a gold answer that the verifier "
            f"{verifier.kind} cannot compare with (numbers count from 0):{listed}{more}",
            FIXES_OF_GOLD.get(verifier.kind, OTHER_GOLDS),
        )


OTHER_GOLDS = "correct these answers, or choose another verifier"
FIXES_OF_GOLD = {
    "number": "correct them, take the number out with mapping.answer.pattern, set the verifier's locale, or choose the "
    "verifier math or exact",
    "choice": "correct them, write the letters of all options of the set in the verifier's choices, or map numbers of "
    "choices with mapping.answer.index_of",
    "math": "correct them, take the answer out with mapping.answer.pattern, or choose the verifier exact",
    "reasoning_gym": "take the problems from the source reasoning_gym, or choose another verifier",
    "call": 'write them as f(a=1), or as {"name": "f", "arguments": {"a": 1}}, or choose another verifier',
    "code": "name the fields that hold the tests in mapping.answer.fields, or another layout",
}
