"""What a field of a recipe is to a step's key. It is said where the field is:

    learning_rate: float                            nothing said: its value enters
    devices: Annotated[tuple[str, ...], Execution]  where, how wide, how patiently it runs: it never enters
    max: Annotated[int, Horizon]                    which rounds there are, and who lets them pass: it never enters
    path: Annotated[str, Content("file")]           it names something: what that holds enters, not the name
    shuffle: Annotated[int | None, Later]           stores are older than the field: its default enters no key

Keys of steps, the digest of a recipe, `plan`, resuming after housekeeping and MLflow's parameters read these marks and
nothing else. A mark on a section holds for all of it. A subclass that declares a field anew marks it anew.

Horizon is a mark of its own, because it is no matter of hardware: `rounds.max: 5` asks for more than `rounds.max: 3`.
But a round does not depend on how many come after it, so its steps, the experiment's curve and its run in MLflow go on.
The one exception is a learning-rate schedule planned over all rounds (`tasks/core/identity.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Named = Literal["file", "folder", "object", "prompt", "function", "weights", "version", "task", "model", "steps"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a field's own value enters no key."""

    word: str


class _Later:
    """The mark of fields that came to a component later: at its default such a field enters no key, so that the steps
    of recipes that do not use it stay. Another value enters as its other mark says."""


Later = _Later()
Execution = Mark("execution")
Horizon = Mark("horizon")


@dataclass(frozen=True, slots=True)
class Content:
    """The field names something, and what it names enters.

    Outside of the experiment: file, folder, object (of the store), prompt, function (of a file), weights, task (of
    benchmarks: a file, or a name); `version` says which version of what a field beside it names, and enters through
    that. Inside of it: `model` and `steps`, which a stage's inputs hold by digest and by key.
    """

    names: Named


OUTSIDE: frozenset[Named] = frozenset({"file", "folder", "object", "prompt", "function", "weights", "version", "task"})
"""what lies outside of the experiment, and can change under its name"""

Resolve = Callable[[Content, Any, BaseModel], Any]
"""From a mark, the value of its field and the component that holds it to what enters; None: nothing does."""


def as_written(content: Content, value: Any, holder: BaseModel) -> Any:
    """Resolves nothing: names stand for what they name."""
    return value


def mark_of(field: FieldInfo) -> Mark | Content | None:
    """The mark of a field."""
    return next((item for item in field.metadata if isinstance(item, (Mark, Content))), None)


def identity(part: Any, resolve: Resolve, *leave_out: str) -> Any:
    """What a component, or any value of one, is to a key, as JSON.

    Args:
        leave_out: fields of this component (not of those below it) that enter in another place.
    """
    if isinstance(part, BaseModel):
        fields = type(part).model_fields.items()
        found = {name: _field(part, name, field, resolve) for name, field in fields if name not in leave_out}
        return {name: value for name, value in found.items() if value is not _NOTHING}
    if isinstance(part, dict):
        return {key: identity(value, resolve) for key, value in part.items()}
    return [identity(item, resolve) for item in part] if isinstance(part, (tuple, list)) else part


def _field(part: BaseModel, name: str, field: FieldInfo, resolve: Resolve) -> Any:
    mark, value = mark_of(field), getattr(part, name)
    if isinstance(mark, Mark) or (Later in field.metadata and value == field.default):
        return _NOTHING
    if mark is None:
        return identity(value, resolve)
    found = None if value is None else resolve(mark, value, part)
    return _NOTHING if found is None else identity(found, resolve)


_NOTHING = object()
