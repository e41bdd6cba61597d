"""`selfloop data`: the problems as the model will see them."""

from __future__ import annotations

from pathlib import Path

from flows.commands.check import Overrides


def data(recipe: Path, *, overrides: Overrides = (), rows: int = 2, limit: int = 2000) -> None:
    """Show the first problems as the model is given them, lengths in tokens, sets, overlaps and bad rows.

    Only the model's tokenizer is loaded, and nothing is published. Exit status 1 if a run would refuse the problems.

    Parameters
    ----------
    recipe
        A YAML file.
    rows
        Problems shown of the train set.
    limit
        Problems of each set whose tokens are counted, drawn evenly; 0 counts all.
    """
    from configs.schema.load import load_recipe
    from flows.run.show_data import show_data

    shown = show_data(load_recipe(recipe, overrides), Path.cwd(), rows, limit)
    for line in shown.lines:
        print(line)
    if not shown.is_sound:
        raise SystemExit(1)
