"""What `flows/services/bootstrap.py` asks of an MLflow server and sets there, over HTTP.

MLflow itself is not imported.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from configs.errors import TrackingError

SECONDS = 30.0
PROXIED = "mlflow-artifacts:"
DEFAULT_EXPERIMENT = "0"
DEFAULT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",  # opens at runs and charts, as every recipe's experiment does
    "mlflow.note.content": "selfloop keeps an experiment for every recipe, named after it, with a run for every round.",
}


def artifact_location(uri: str) -> str:
    """Where the default experiment keeps artifacts, which is what new experiments do too.

    Raises:
        TrackingError: the server is out of reach or refuses.
    """
    return str(_default_experiment(uri)["artifact_location"])


def ensure_default_tags(uri: str) -> bool:
    """Tag the default experiment, where people land first; whether anything had to be set.

    Raises:
        TrackingError: the server is out of reach or refuses.
    """
    there = {tag["key"]: tag["value"] for tag in _default_experiment(uri).get("tags", [])}
    missing = {key: value for key, value in DEFAULT_TAGS.items() if key not in there}
    for key, value in missing.items():
        tag = {"experiment_id": DEFAULT_EXPERIMENT, "key": key, "value": value}
        _ask(f"{uri}/api/2.0/mlflow/experiments/set-experiment-tag", uri, tag)
    return bool(missing)


def _default_experiment(uri: str) -> Any:
    return _ask(f"{uri}/api/2.0/mlflow/experiments/get?experiment_id={DEFAULT_EXPERIMENT}", uri)["experiment"]


def check_artifact_storage(uri: str) -> None:
    """Have the server list its artifact storage.

    Raises:
        TrackingError: the server cannot reach the storage, or hands out none.
    """
    _ask(f"{uri}/api/2.0/mlflow-artifacts/artifacts?path=", uri)


def _ask(url: str, uri: str, body: Any = None) -> Any:
    """The answer to a GET, or to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
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
