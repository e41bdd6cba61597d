"""Engine program: merge an adapter into its base. Started by `merging.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import answer_job


def merge(request: dict[str, Any], _: object) -> dict[str, Any]:
    """Write the merged model; the answer says nothing more."""
    from infra.engines.models.merge import save_merged

    save_merged(ModelFiles.from_json(request["model"]), Path(request["out_dir"]))
    return {}


if __name__ == "__main__":
    answer_job(merge)
