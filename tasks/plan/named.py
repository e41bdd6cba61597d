"""What a recipe names, read before anything runs: prompts with the names that they use, functions, chat templates.

Called by `selfloop check` and by every plan, so that both refuse a recipe with the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from configs.errors import RecipeError
from configs.schema.around_generate import Guide, SelfInstruct
from configs.schema.generate import PrefixGenerate
from configs.schema.judges.opinions import MetaJudge, PairwiseJudge, RubricJudge
from configs.schema.judges.probes import ProbeJudge
from configs.schema.marks import Content, mark_of
from configs.schema.recipe import Recipe
from configs.schema.train import Format
from tasks.core.contents import NO_PROMPTS
from tasks.core.prompts import names_used, read_prompt
from tasks.core.user_function import find_file
from tasks.evaluate.correction.prompts import check_revisions
from tasks.learn.base import read_chat_template
from tasks.sample.draws.asking import load_draws
from tasks.sample.guide.help import FIRST_PROMPT_SEES
from tasks.sample.revision.asking import load_steps

_CHAT = frozenset({"prompt", "messages"})
_SEES: dict[type[BaseModel], frozenset[str]] = {
    RubricJudge: _CHAT | {"response", "low", "high"},
    PairwiseJudge: _CHAT | {"first", "second"},
    ProbeJudge: _CHAT | {"response", "item", "option"},
    MetaJudge: _CHAT | {"asked", "first", "second"},
    PrefixGenerate: frozenset({"prompt", "steps", "step", "solution"}),
    SelfInstruct: frozenset({"examples"}),
    Format: _CHAT | {"examples", "answer"},
}
"""what the prompt of a component gets; draws and steps of revisions say theirs themselves"""


class Named(NamedTuple):
    """One field that names something: its address, its mark, its value and the component that holds it."""

    address: str
    mark: Content
    value: Any
    holder: BaseModel


def check_named(recipe: Recipe, base_dir: Path) -> None:
    """Nothing, where all prompts, functions and templates of a recipe, in every phase, are there and can be used.

    Raises:
        UserError: names the first that cannot.
    """
    for stay in stays_of(recipe):
        for one in names_of(stay):
            if one.mark.names == "prompt" and one.value not in NO_PROMPTS:
                _check_prompt(one, base_dir)
            elif one.mark.names == "function":
                find_file(one.value, one.address)
            elif one.address.endswith("chat_template"):
                read_chat_template(base_dir / Path(one.value).expanduser(), one.address)
        if stay.generate.kind == "independent":
            load_draws(stay.generate.draws, lambda name: read_prompt(name, base_dir))
        if stay.online is not None and stay.online.episode.kind == "revise":
            load_steps(stay.online.episode.steps, lambda name: read_prompt(name, base_dir), "online.episode.steps")
    check_revisions(recipe, base_dir)


def stays_of(recipe: Recipe) -> list[Recipe]:
    """The recipe of each phase; the recipe itself without phases."""
    return [recipe.of_phase(index) for index in range(len(recipe.phases))] or [recipe]


def names_of(part: Any, address: str = "") -> Iterator[Named]:
    """All fields of a component, and of those below it, that name something and are written."""
    if isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            mark, value = mark_of(field), getattr(part, name)
            if isinstance(mark, Content) and value is not None:
                yield Named(address + name, mark, value, part)
            else:
                yield from names_of(value, f"{address}{name}.")
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from names_of(value, f"{address}{name}.")
    elif isinstance(part, (list, tuple)):
        for place, value in enumerate(part):
            yield from names_of(value, f"{address}{place}.")


def _check_prompt(named: Named, base_dir: Path) -> None:
    used = names_used(read_prompt(named.value, base_dir))
    holder = named.holder
    sees = FIRST_PROMPT_SEES.get(holder.kind) if isinstance(holder, Guide) else _SEES.get(type(holder))
    if sees is not None and (unknown := sorted(used - sees)):
        raise RecipeError(f"{named.address}: '{unknown[0]}' is nothing that it gets", f"use {', '.join(sorted(sees))}")
