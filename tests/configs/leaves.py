"""Every value of a recipe that can be written, and other values that may stand in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from configs.errors import RecipeError
from configs.schema.kinds import component_choices
from configs.schema.load import check_recipe
from configs.schema.marks import Content, Mark, mark_of
from configs.schema.recipe import Recipe


@dataclass(frozen=True)
class Leaf:
    """A value that is no component itself.

    Attributes:
        path: keys and positions from the recipe down to it.
        field: its class and name, such as `Cap.per_problem`.
        mark: its own, or that of the section it lies in.
        kinds: of its component's place, where it is the component's kind.
    """

    path: tuple[str | int, ...]
    value: Any
    annotation: Any
    field: str
    mark: Mark | Content | None
    kinds: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return ".".join(map(str, self.path))


def leaves(
    part: Any, path: tuple[str | int, ...] = (), above: Mark | Content | None = None, kinds: tuple[str, ...] = ()
) -> Iterator[Leaf]:
    """All leaves below a component."""
    for name, field in type(part).model_fields.items():
        value, mark, place = getattr(part, name), above or mark_of(field), (*path, name)
        items = {place: value}
        if isinstance(value, dict):
            items = {(*place, key): item for key, item in value.items()}
        elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
            items = {(*place, index): item for index, item in enumerate(value)}
        for where, item in items.items():
            if isinstance(item, BaseModel):
                yield from leaves(item, where, mark, tuple(component_choices(field.annotation)))
            else:
                of_place = kinds if name == "kind" else ()
                yield Leaf(where, item, field.annotation, f"{type(part).__name__}.{name}", mark, of_place)


def alternatives(recipe: Recipe, leaf: Leaf) -> Iterator[Recipe]:
    """The recipe with another value there: those of the values tried that may stand there alone."""
    judges = [judge.name for judge in recipe.judge]
    for value in (*others(leaf), *judges) if _may_be_text(leaf.annotation) else others(leaf):
        if value == leaf.value:
            continue
        try:
            other = check_recipe(with_value(recipe, leaf.path, value))
        except RecipeError:
            continue
        if other != recipe:
            yield other


def with_value(recipe: Recipe, path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The recipe as a mapping with one value replaced; another kind of component begins with its defaults."""
    tree: Any = recipe.model_dump(mode="json")
    node = tree
    for key in path[:-1]:
        above, node = node, node[key]
    if path[-1] == "kind":
        above[path[-2]] = {"kind": value}
    else:
        node[path[-1]] = value
    return tree


EXAMPLES: dict[str, Any] = {
    "PretrainedModel.chat_template_date": "2024-07-26",
    "NumberVerifier.locale": "de",
    "MathVerifier.locale": "pt_BR",
    "Train.devices": ["cpu", "cpu"],
    "WarmStart.devices": ["cpu", "cpu"],
    "RoleTraining.devices": ["cpu", "cpu"],
    "Train.replay": {"path": "offline/pairs.jsonl"},
    "Train.formats": [{"prompt": "own.j2"}],
    "IndependentGenerate.adaptive": {"enough": 10, "wave": 8},
    "IndependentGenerate.few_shot": {"count": 2, "source": {"kind": "addition"}},
    "ReviseGenerate.few_shot": {"count": 2, "source": {"kind": "addition"}},
    "StepwiseGenerate.few_shot": {"count": 2, "source": {"kind": "addition"}},
    "PrefixGenerate.few_shot": {"count": 2, "source": {"kind": "addition"}},
    "PrefixGenerate.critic": "policy",
    "ReviseEvaluation.gate": {"judge": {"kind": "rubric", "name": "doubt"}},
    "Credit.train_parts": ["attempt"],
    "Online.control": {"prompt": "zero_shot_direct"},
    "ProgressTerm.of": "judge",
    "Evaluate.benchmarks": {"tasks": ["gsm8k"]},
    "Evaluate.best_of": {"judge": {"kind": "answer"}},
    "Evaluate.verifier": {"kind": "number", "tolerance": 3},
    "Recipe.warm_start": {"source": {"kind": "addition"}},
    "Recipe.phases": [{"name": "x", "rounds": 3, "set": {"train": {"epochs": 9}}}],
    "Phase.set": {"epochs": 9},
    "Role.warm_start": {"source": {"kind": "addition"}},
    "Role.train": {"epochs": 9},
    "RoleTraining.select": [{"kind": "judged"}, {"kind": "unique"}],
    "RoleTraining.pair": {"kind": "right_vs_wrong"},
    "RoleTraining.replay": {"path": "offline/pairs.jsonl"},
    "RoleTraining.formats": [{"prompt": "own.j2"}],
    "ReviseGenerate.until": [{"same": "text"}],
    "ReviseEvaluation.until": [{"same": "text"}],
    "ReviseEvaluation.steps": [{"part": "attempt", "prompt": "retry"}],
    "ReviseStep.when": {"judge": "answer", "says": ["wrong"]},
    "ReviseStep.keep": {"first": 1},
    "ReviseStep.split": "(?P<attempt>.*)",
    "FirstAttempts.by": "critic",
    "HintShows.draw": "other",
    "FirstAttempts.keep": {"first": 1},
    "MultiplicationSource.prompt": "{a} by {b}",
    "ReasoningGymSource.prompt": "Solve: {{ question }}",
    "ReasoningGymSource.solution": "So: {{ answer }}",
    "CombineJudge.of": ["prm", "answer"],
    "BestVsWorst.min_quality": {"judge": "rubric", "at_least": 1},
    "Regulariser.kind": "reverse_kl",
    "Sppo.regularise": [{"kind": "forward_kl"}],
    "LikelihoodJudge.under": "none",
    "Mapping.answer": {"field": "x"},
    "Mapping.solution": {"field": "x"},
    "FileSource.where": "a > 1",
    "HubSource.where": "a > 1",
    "StoreSource.where": "a > 1",
    "Problems.shares": {"train": 0.5, "select": 0.3, "report": 0.2},
    "FileSource.encoding": "latin-1",
    "StoreSource.encoding": "latin-1",
    "FileSource.separator": ";",
    "StoreSource.separator": ";",
    "ExpressionWhere.expression": "a > 1",
}
"""values of fields whose component has no defaults alone"""


def others(leaf: Leaf) -> Iterator[Any]:
    """Values to try in place of a leaf's."""
    value = leaf.value
    if leaf.field in EXAMPLES:
        yield EXAMPLES[leaf.field]
    if leaf.kinds:
        yield from reversed(leaf.kinds)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + 1, value - 1, value * 2, value * 0.5, value * 0.9, 0.25)
    elif isinstance(value, str):
        yield from (value + "x", value + "1", "x" + value, f"({value})", value[:-1])
    elif isinstance(value, tuple):
        yield from (list(value[:-1]), [*value, *value[:1]], [*value, "x"])
        yield from ([first, *value[1:]] for first in _others_of(value))
    yield from _of_type(leaf.annotation)


def _others_of(items: tuple[Any, ...]) -> Iterator[Any]:
    for item in items[:1]:
        yield from (item + "x",) if isinstance(item, str) else (item + 1, item * 0.5, item / 2 + 0.1)


def _of_type(annotation: Any) -> Iterator[Any]:
    """Values of a field that holds none, or of another kind."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif annotation is bool:
        yield True
    elif annotation is int:
        yield from (3, 2, 4096)
    elif annotation is float:
        yield from (1.5, 0.75, 1000.0)
    elif annotation is str:
        yield from ("x", "(x)", "ab" * 32)
    elif get_origin(annotation) is tuple:
        yield from ([0.0, 1.0], ["x"])
    elif choices := component_choices(annotation):
        kinds = [{"kind": kind} for kind in reversed(choices)]
        yield from (*kinds, {}, {"start": 1}, {"num_prompts": 1})
    else:
        for part in get_args(annotation):
            yield from _of_type(part)


def _may_be_text(annotation: Any) -> bool:
    return annotation is str or str in get_args(annotation)
