"""All judges by their `kind`: the name of a file in this folder. To add one: such a file, and a class of settings in
configs/schema/judges/kinds.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configs.schema.judges.kinds import Judge
from configs.schema.kinds import load_kinds
from tasks.judge.kind import JudgeKind, Scale
from tasks.judge.verifiers.registry import verifier_versions

VERSION = 2
"""of what all judges share"""
KINDS: dict[str, JudgeKind] = load_kinds(Judge, "tasks.judge.kinds", "KIND")


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


def judges_needed(judge: Judge, known: Sequence[Judge]) -> list[Judge]:
    """The judges whose verdicts this one is made from, each after those that it needs itself."""
    wanted: list[Judge] = []
    for name in judge.needed_judges:
        part = next(other for other in known if other.name == name)
        wanted += [other for other in (*judges_needed(part, known), part) if other not in wanted]
    return wanted
