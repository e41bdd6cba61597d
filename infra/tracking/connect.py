"""The way to MLflow: opens a client, and turns failures a user can mend into one message.

Called by `infra/tracking/tracker.py` alone. MLflow is imported here, at the first use and never before: the import
takes seconds.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from configs.errors import TrackingError
from infra.process.locks import turn

PROBE_SECONDS = 4.0
LOCK_SECONDS = 30.0
TURN_SECONDS = 60.0
"""Making the tables of a new database takes some seconds."""
_SQLITE = "sqlite:///"
# MLflow's own defaults retry for four minutes; its log lines and usage reports do not belong on a user's terminal.
_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_REFUSALS = ("TEMPORARILY_UNAVAILABLE", "PERMISSION_DENIED", "UNAUTHENTICATED", "ENDPOINT_NOT_FOUND")
Method = TypeVar("Method", bound=Callable[..., Any])


def open_client(uri: str) -> Any:
    """A client of the tracking server or database at `uri`; its registry is the same place.

    A sqlite database is made where there is none (its folder too); that takes some seconds.

    Raises:
        TrackingError: nothing answers at `uri`, or what is there is not an MLflow of this version.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        with _only_one(uri):
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
    except TrackingError:
        raise
    except (MlflowException, OSError, ImportError, sqlite3.Error) as error:
        raise _unreachable(uri, error) from error
    except Exception as error:
        # SQLAlchemy's errors leave the opening of a database unwrapped.
        if type(error).__module__.startswith("sqlalchemy."):
            raise _unreachable(uri, error) from error
        raise
    return client


def explain_failures(method: Method) -> Method:
    """Make a Tracker's method raise TrackingError where the server is away or refuses; defects pass unchanged."""

    @functools.wraps(method)
    def explained(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            if _is_outage(error):
                raise _unreachable(self.uri, error) from error
            raise

    return cast(Method, explained)


def is_server(uri: str) -> bool:
    """True for the address of an MLflow server, false for a database."""
    return uri.startswith(("http://", "https://"))


@contextlib.contextmanager
def _only_one(uri: str) -> Iterator[None]:
    """What is there answers; of processes that open a file, one makes its tables while the others wait: MLflow fails
    where two make them at once."""
    if not uri.startswith(_SQLITE):
        if is_server(uri):
            _probe(uri)
        yield
        return
    path = Path(uri.removeprefix(_SQLITE))
    path.parent.mkdir(parents=True, exist_ok=True)
    with turn(path.with_name(f"{path.name}.lock"), TURN_SECONDS):
        _try_database(path)
        yield


def _try_database(path: Path) -> None:
    """Open a sqlite file for writing; MLflow tries one that cannot be opened for more than a minute."""
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def _probe(uri: str) -> None:
    """Ask the server for a sign of life, any; MLflow's own client would wait far longer for it."""
    import requests

    try:
        requests.get(uri.rstrip("/") + "/health", timeout=PROBE_SECONDS)
    except requests.exceptions.SSLError:
        return  # somebody answers; MLflow brings its own certificates
    except requests.exceptions.RequestException as error:
        raise _unreachable(uri, error) from error


def _is_outage(error: Exception) -> bool:
    import requests
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        return error.error_code in _REFUSALS or "API request to" in str(error)
    return isinstance(error, requests.exceptions.RequestException)


def _unreachable(uri: str, error: Exception) -> TrackingError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    if is_server(uri):
        fix = "start it ('selfloop ui', or 'mlflow server'), or correct services.tracking or MLFLOW_TRACKING_URI"
    elif "schema" in reason:
        fix = f"back the file up, then run: mlflow db upgrade {uri}"
    else:
        fix = "name a database that can be written, as sqlite:///folder/mlflow.db, or a server, as http://host:5000"
    return TrackingError(f"MLflow at {without_password(uri)} cannot be used: {reason}", fix)


def without_password(uri: str) -> str:
    """An address as it may be shown: no user name, no password."""
    host = urlsplit(uri).netloc
    return uri.replace(host, host.rpartition("@")[2], 1) if "@" in host else uri
