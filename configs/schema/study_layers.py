"""How a study's sections are laid over a recipe, and what `verifier` among them does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from configs.schema.judges.kinds import Judge
from configs.schema.kinds import component_choices

VERIFIER = "verifier"
READS_ANSWERS = frozenset(kind for kind, judge in component_choices(Judge).items() if VERIFIER in judge.model_fields)
"""kinds of judges that find answers by a verifier of their own"""


def lay_sections(tree: Mapping[str, Any], sections: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with a study's sections laid over it.

    What says how samples are drawn is `generate` in some recipes and `online` in others: the one that a recipe has not
    is left out. `verifier` is no section of recipes: answers are found by it in evaluation, and by every judge that
    finds answers.
    """
    tree = {"judge": [{"kind": "answer"}], **tree}  # what a recipe without judges has
    other = "generate" if "online" in tree else "online"
    laid = lay_over(tree, {name: part for name, part in sections.items() if name not in (other, VERIFIER)})
    return with_verifier(laid, sections[VERIFIER]) if VERIFIER in sections else laid


def lay_over(tree: Any, top: Any) -> Any:
    """A mapping with another laid over it, field by field.

    What is of another kind, or no mapping, is replaced, and null takes away. A part that does not name its kind is of
    another one.
    """
    if not isinstance(top, Mapping):
        return top
    tree = tree if isinstance(tree, Mapping) and top.get("kind") in (None, tree.get("kind")) else {}
    laid = {**tree, **{name: lay_over(tree.get(name), value) for name, value in top.items()}}
    return {name: value for name, value in laid.items() if value is not None or name not in top}


def with_verifier(tree: Mapping[str, Any], verifier: Any) -> dict[str, Any]:
    """The same recipe, with answers found so."""
    evaluate = {**tree.get("evaluate", {}), VERIFIER: verifier}
    return {**_in_judges(tree, verifier), "evaluate": _in_judges(evaluate, verifier)}


def fill_verifier(tree: Mapping[str, Any], layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The same, where judges that a method writes anew, and say nothing of a verifier, have that of the study.

    Args:
        layers: sections of the study; the last that has a verifier says it.
    """
    told = [layer[VERIFIER] for layer in layers if VERIFIER in layer]

    def change(judge: Mapping[str, Any]) -> Mapping[str, Any]:
        return {VERIFIER: told[-1], **judge} if told and judge.get("kind") in READS_ANSWERS else judge

    filled: dict[str, Any] = map_judges(tree, change)
    return filled


def judges_of(tree: Any) -> Iterator[Mapping[str, Any]]:
    """All judges that a recipe writes, those of evaluation and of phases too."""
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            if name == "judge" and isinstance(part, (list, Mapping)):
                yield from (one for one in (part if isinstance(part, list) else [part]) if isinstance(one, Mapping))
            else:
                yield from judges_of(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from judges_of(part)


def map_judges(tree: Any, change: Any) -> Any:
    """The same with every judge changed.

    Args:
        change: a function of a judge.
    """
    if isinstance(tree, list):
        return [map_judges(part, change) for part in tree]
    if not isinstance(tree, Mapping):
        return tree
    return {name: _changed(part, change) if name == "judge" else map_judges(part, change)
            for name, part in tree.items()}  # fmt: skip


def _changed(part: Any, change: Any) -> Any:
    if isinstance(part, list):
        return [change(one) if isinstance(one, Mapping) else one for one in part]
    return change(part) if isinstance(part, Mapping) else part


def _in_judges(tree: Mapping[str, Any], verifier: Any) -> dict[str, Any]:
    def change(judge: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**judge, VERIFIER: verifier} if judge.get("kind") in READS_ANSWERS else judge

    changed: dict[str, Any] = map_judges(tree, change)
    return changed
