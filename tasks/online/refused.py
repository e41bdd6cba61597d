"""What the section `online` can say, and this version cannot run: one message before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator

from configs.errors import RecipeError
from configs.schema.recipe import Recipe


def refuse_unbuilt(recipe: Recipe) -> None:
    """Accept a recipe whose segment can run.

    Raises:
        RecipeError: names the field, and what to write.
    """
    for field, fix in _unbuilt(recipe):
        raise RecipeError(f"{field}: a segment cannot run with this yet", fix)


def refuse_sampler(recipe: Recipe) -> None:
    """Accept where samples are drawn, which is no matter of a plan: it is execution. Errors as of `refuse_unbuilt`."""
    assert recipe.online is not None, "asked of online rounds alone"
    where = recipe.online.sampler.where
    if where != "inside":
        raise RecipeError(f"online.sampler.where: {where}: a segment cannot run with this yet", "write where: inside")


def _unbuilt(recipe: Recipe) -> Iterator[tuple[str, str]]:
    online = recipe.online
    assert online is not None, "asked of online rounds alone"
    if online.starts != "problems":
        yield f"online.starts: {online.starts}", "write starts: problems"
    if online.control is not None:
        yield "online.control", "leave control, and the term control_group, out"
    if online.probe is not None and online.probe.source is not None:
        yield "online.probe.source", "leave source out: train problems are set aside"
    if online.curriculum is not None and online.curriculum.kind == "vote_share":
        yield "online.curriculum: vote_share", "leave curriculum out, or write window or pools"
    if online.episode.few_shot is not None:
        yield "online.episode.few_shot", "leave few_shot out; a warm_start teaches the form"
    if online.episode.ladder is not None:
        yield "online.episode.ladder", "leave ladder out; a curriculum picks problems by their pass rate"
    for place, term in enumerate(online.reward):
        if term.kind == "kl" and term.estimate != "k1":
            yield f"online.reward.{place}.estimate: {term.estimate}", "write estimate: k1"
    for name, role in recipe.roles.items():
        if role.train is not None:
            yield f"roles.{name}.train beside online", "train the role in a phase without online"
