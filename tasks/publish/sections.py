"""Parts that the cards of a model and of its data set share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.recipe import Recipe
from tasks.publish.told import Told
from tasks.report.table import markdown_rows


def method_section(recipe: Recipe) -> str:
    """The recipe's choices, a line each."""
    train = recipe.train
    drawn = "in waves while it trains" if recipe.online else f"`{recipe.generate.kind}`"
    lines = (
        ("samples are drawn", drawn),
        ("judged by", ", ".join(f"`{judge.kind}`" for judge in recipe.judge)),
        ("verifier", f"`{recipe.verifier_for_gold().kind}`"),
        ("kept by", "rewards" if recipe.online else ", ".join(f"`{part.kind}`" for part in recipe.select)),
        ("trained by", f"`{train.objective.kind}`, {train.tune.kind}, from `{train.start_from}`"),
        ("promoted by the gate", f"`{recipe.decide.gate.kind}`, on the select set"),
    )
    return "\n".join((*markdown_rows([("what", "how"), *lines]), ""))


def lineage_section(told: Told) -> str:
    heads = ("model", "begins with", "kept samples of rounds", "rows", "digest", "led to the published model")
    rows = [
        (one.model, one.start, listed(one.rounds), "-" if one.num_rows is None else f"{one.num_rows:,}",
         f"`{one.digest[:12]}`", "yes" if one.is_taken else "no")
        for one in told.trained
    ]  # fmt: skip
    warm = "" if told.recipe.warm_start is None else (
        "\n`seed` is the base after a warm start on worked solutions, which are not published.\n"
    )  # fmt: skip
    return "\n".join((*markdown_rows([heads, *rows]), warm))


def again_section(told: Told) -> str:
    digests = [("what", "digest"), ("model", f"`{told.model.digest}`"), ("recipe", f"`{told.recipe_digest}`")]
    digests += [(label, f"`{digest}`") for label, digest in told.contents.items()]
    return "\n".join(
        (
            "`recipe.yaml` is the recipe with every default; `selfloop.json` holds the digests of all files here.\n",
            *markdown_rows(digests),
            "",
        )
    )


def count_rounds(count: int) -> str:
    return "1 round" if count == 1 else f"{count} rounds"


def listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "-"
