"""The pictures of the README, from an experiment that has been deployed and run on the stack.

. .selfloop/stack/env
python -m tests.servers.screenshots demo docs
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from infra.tracking.tracker import Tracker
from tests.servers.browser import take_picture

ASSISTANT = 0.26
"""share of the width at the right of MLflow's page that is its chat window"""


def main(experiment: str, folder: Path) -> None:
    api = os.environ["PREFECT_API_URL"]
    artifacts = ask(api, "artifacts", sort="CREATED_DESC", artifacts={"key": {"like_": f"{experiment}-round-"}})
    ui = api.removesuffix("/api")
    take_picture(f"{ui}/runs/flow-run/{artifacts[0]['flow_run_id']}", folder / "prefect.png")
    take_picture(f"{ui}/artifacts/artifact/{artifacts[0]['id']}", folder / "prefect_round.png")
    mlflow = os.environ["MLFLOW_TRACKING_URI"]
    number = Tracker(mlflow).client.get_experiment_by_name(experiment).experiment_id
    picture = folder / "mlflow.png"
    take_picture(f"{mlflow}/#/experiments/{number}/runs?compareRunsMode=CHART", picture, (1700, 1000))
    whole = Image.open(picture)
    whole.crop((0, 0, int(whole.width * (1 - ASSISTANT)), whole.height)).save(picture)


def ask(api: str, kind: str, **body: Any) -> list[dict[str, Any]]:
    answer = httpx.post(f"{api}/{kind}/filter", json=body)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    if not found:
        raise SystemExit(f"Prefect at {api} has no such {kind}: deploy the experiment and run it first")
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
