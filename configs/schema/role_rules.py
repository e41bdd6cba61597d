"""Whether the model that is asked for something is there and can give it: one rule for judges, writers and helpers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.schema.judges.base import Wants
from configs.schema.role import POLICY
from configs.schema.sections import Sections

_NEEDS = {"text": "text", "logprobs": "log-probabilities"}
"""what every language model gives that loads here, the policy too"""
_OWN_MODELS = {"rating": ("a reward model", "reward"), "embedding": ("an encoder", "embedding")}
"""by what is wanted: the model that gives it, and the kind of its engine"""


def check_role(recipe: Sections, name: str, wants: Wants, where: str, others: Sequence[str] = ()) -> None:
    """Nothing, where a model is there and gives what is wanted of it; ValueError says what to write.

    Args:
        name: the policy, or a role.
        where: who asks, as the message begins.
        others: what else may be written there.
    """
    role, is_own = recipe.roles.get(name), wants in _OWN_MODELS
    if name == POLICY and not is_own:
        return
    if role is None and name != POLICY:
        raise ValueError(f"{where}: no role is called '{name}': {_fix(recipe, wants, others)}")
    if is_own and (role is None or role.is_chain):
        raise ValueError(f"{where}: {_OWN_MODELS[wants][0]} is a model of its own that does not learn: "
                         f"{_fix(recipe, wants, others)}")  # fmt: skip
    engine = role.engine if role is not None else None
    if engine is None or wants in engine.gives:
        return  # without one it runs in what gives this
    if is_own:
        what, kind = _OWN_MODELS[wants]
        raise ValueError(f"roles.{name}.engine: {what} runs in engine kind {kind}, not {engine.kind}: write engine: "
                         f"{{kind: {kind}}}")  # fmt: skip
    raise ValueError(f"{where}: needs {_NEEDS[wants]}, which the engine {engine.kind} of role '{name}' does not give: "
                     "write engine kind transformers or vllm")  # fmt: skip


def _fix(recipe: Sections, wants: Wants, others: Sequence[str]) -> str:
    """What to write where a role is not there, or cannot be asked."""
    known = [*_who_gives(recipe, wants), *others]
    instead = f", or write one of {', '.join(known)}" if known else ""
    if wants not in _OWN_MODELS:
        return f"add it to roles{instead}"
    what, kind = _OWN_MODELS[wants]
    return f"add it to roles, with {what} and engine: {{kind: {kind}}}{instead}"


def _who_gives(recipe: Sections, wants: Wants) -> Iterator[str]:
    """Names that may be written: the policy, where it gives this, and the roles that do."""
    is_own = wants in _OWN_MODELS
    if not is_own:
        yield POLICY
    for name, role in recipe.roles.items():
        engine = role.engine or recipe.engine
        if wants in engine.gives and not (is_own and role.is_chain):
            yield name
