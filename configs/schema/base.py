"""What every component of a recipe has in common.

A component is frozen and refuses keys it does not know. Unions are told apart by `kind`;
`one_of` builds such a union with a default kind, so the common case needs no `kind` line.
"""

from __future__ import annotations

from typing import Annotated, Any, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Tag


class Component(BaseModel):
    """Base of all recipe sections: immutable, unknown keys are errors, defaults are checked too."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


def one_of(*choices: type[Component], default: str | None = None) -> Any:
    """Union of components, told apart by their `kind`.

    Args:
        choices: component classes, each with a `kind: Literal[...]` field.
        default: the kind meant when a mapping has none; without it `kind` is required.
    """

    def kind_of(value: Any) -> str | None:
        if isinstance(value, dict):
            return value.get("kind", default)
        return getattr(value, "kind", None)

    members = tuple(Annotated[choice, Tag(choice.model_fields["kind"].default)] for choice in choices)
    if len(members) == 1:
        return choices[0]
    return Annotated[Union[members], Discriminator(kind_of)]  # noqa: UP007 - built at run time
