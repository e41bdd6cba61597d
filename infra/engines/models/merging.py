"""A merged copy of a model with an adapter, made in a process of its own. Called by `selfloop export --merged`."""

from __future__ import annotations

from pathlib import Path

from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import run_job
from infra.engines.programs import OFFLINE


def merge_model(model: ModelFiles, out_dir: Path, work_dir: Path) -> None:
    """Write the adapter merged into its base, with the tokenizer, as one folder that every engine loads.

    Raises:
        EngineError: the files do not belong together, or memory ran out.
    """
    request = {"model": model.to_json(), "out_dir": str(out_dir)}
    run_job("infra.engines.models.merge_program", request, what=f"merging {model.name}", work_dir=work_dir, env=OFFLINE)
