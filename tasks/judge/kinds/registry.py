"""All judges by their `kind`. To add one: a file like `rubric.py`, a config class in configs/schema/judge.py, an entry
here."""

from __future__ import annotations

from collections.abc import Iterable

from configs.schema.judge import Judge
from tasks.judge.kind import JudgeKind, Scale
from tasks.judge.kinds import answer, implicit, importance, pairwise, reward_model, rubric, sum_of_scores, vote
from tasks.judge.verifiers.registry import verifier_versions

VERSION = 2
"""of what all judges share"""
KINDS: dict[str, JudgeKind] = {
    "answer": answer.KIND,
    "vote": vote.KIND,
    "sum": sum_of_scores.KIND,
    "rubric": rubric.KIND,
    "pairwise": pairwise.KIND,
    "implicit": implicit.KIND,
    "reward_model": reward_model.KIND,
    "importance": importance.KIND,
}


def kind_of(judge: Judge) -> JudgeKind:
    """What a judge of the recipe does."""
    return KINDS[judge.kind]


def scale_of(judge: Judge) -> Scale | None:
    """The scale of a judge's scores; None where they have no bounds."""
    return kind_of(judge).scale(judge)


def component_versions(judges: Iterable[Judge]) -> dict[str, int | str]:
    """Versions of all code that can change these judges' verdicts, for step keys."""
    versions: dict[str, int | str] = {"judge": VERSION}
    for judge in judges:
        own = {judge.kind: kind_of(judge).version, **(verifier_versions(judge.rule) if judge.rule else {})}
        versions |= {f"{judge.name}.{name}": version for name, version in own.items()}
    return versions
