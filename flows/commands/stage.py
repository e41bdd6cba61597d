"""`selfloop stage`: one stage on files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.commands.check import Overrides


def stage(
    name: str,
    recipe: Path,
    *,
    out: Path,
    source: Annotated[Path | None, Parameter(name="--in")] = None,
    verdicts: Path | None = None,
    model: Path | None = None,
    overrides: Overrides = (),
) -> None:
    """Run one stage of a recipe on files, without store, Prefect or MLflow.

    Parameters
    ----------
    name
        generate | judge | select | train | evaluate
    recipe
        A YAML file; problems, judges and settings come from it.
    out
        The file, or for train the folder, to write.
    source
        What the stage reads: problems (generate; default: the recipe's), samples (judge, select), examples (train).
    verdicts
        Verdicts on the samples (select).
    model
        A model folder (generate, train, evaluate); default: the recipe's base model.
    """
    from configs.schema.load import load_recipe
    from flows.run.stage_on_files import Files, run_stage

    summary = run_stage(name, load_recipe(recipe, overrides), Files(out, source, verdicts, model))
    for key, value in summary.items():
        print(f"{key:<24} {value:.4f}" if isinstance(value, float) else f"{key:<24} {value}")
    print(f"\nwrote {out}")
