"""Plain values in the shapes that MLflow 3 stores. Called by `infra/tracking/tracker.py`; imports no MLflow."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from infra.text.names import mlflow_name
from infra.text.outside import clean_answer

MAX_PARAM_LENGTH = 6000
MAX_TAG_LENGTH = 8000
MAX_DIGEST_LENGTH = 36
TABLES_TAG = "mlflow.loggedArtifacts"
NAME_TAG = "selfloop.name."
"""beginning of a tag: what a name was before it was made legal"""


def in_batches(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """The items in order, at most `size` at a time."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def by_legal_name(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values under names that MLflow takes, and a tag for each name that had to be spelled otherwise, which says
    what it was."""
    legal = {name: mlflow_name(name) for name in values}
    described = {mlflow_name(f"{NAME_TAG}{spelled}"): name for name, spelled in legal.items() if spelled != name}
    return {legal[name]: value for name, value in values.items()}, described


def cut(value: Any, length: int) -> str:
    """A value as text of at most `length` characters; `...` at the end says that some are missing. What no database
    takes is replaced."""
    text, _ = clean_answer(str(value))
    return text if len(text) <= length else text[: length - 3] + "..."


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that are numbers: neither NaN nor infinite."""
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}


def table_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the JSON that MLflow's table view reads; columns in the order of the first row."""
    columns = list(rows[0]) if rows else []
    return json.dumps({"columns": columns, "data": [[row[name] for name in columns] for row in rows]})


def with_table(tag: str | None, path: str) -> str:
    """The tag by which MLflow's pages know a run's tables, with one more; the same if it is listed."""
    tables = json.loads(tag or "[]")
    entry = {"path": path, "type": "table"}
    return json.dumps(tables if entry in tables else [*tables, entry])


def dataset_source(uri: str) -> tuple[str, str]:
    """Type and JSON of a dataset's source, by which MLflow's pages show it."""
    scheme = urlsplit(uri).scheme
    kind = scheme if scheme in ("s3", "http") else "local" if scheme in ("", "file") else "external"
    return kind, json.dumps({"uri": uri})


def model_source(uri: str, through_server: bool) -> str:
    """The source of a model version whose weights lie at `uri`.

    A server refuses paths of its clients' disks as sources, since it cannot read them: they are written as
    `folder:///path`, which MLflow shows and never opens.
    """
    path = uri.removeprefix("file://")
    return f"folder://{path}" if through_server and path.startswith("/") else uri
