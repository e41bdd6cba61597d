"""Two questions to an MLflow server over HTTP, for `flows/bootstrap.py`; MLflow itself is not imported."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from configs.errors import TrackingError

SECONDS = 30.0
PROXIED = "mlflow-artifacts:"
DEFAULT_EXPERIMENT = "0"


def artifact_location(uri: str) -> str:
    """Where the default experiment keeps artifacts, which is what new experiments do too.

    Raises:
        TrackingError: the server is out of reach or refuses.
    """
    answer = _get(f"{uri}/api/2.0/mlflow/experiments/get?experiment_id={DEFAULT_EXPERIMENT}", uri)
    return str(answer["experiment"]["artifact_location"])


def check_artifact_storage(uri: str) -> None:
    """Have the server list its artifact storage.

    Raises:
        TrackingError: the server cannot reach the storage, or hands out none.
    """
    _get(f"{uri}/api/2.0/mlflow-artifacts/artifacts?path=", uri)


def _get(url: str, uri: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        raise TrackingError(
            f"the MLflow server at {uri} answered {error.code}: {_message(error)}",
            "see the server's log; for artifacts it needs --artifacts-destination and the keys of the bucket",
        ) from error
    except (OSError, ValueError) as error:
        raise TrackingError(
            f"the MLflow server at {uri} does not answer: {error}", "start it, or correct MLFLOW_TRACKING_URI"
        ) from error


def _message(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
