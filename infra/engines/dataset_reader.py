"""Program: copies rows of a Hugging Face dataset to one Parquet file. Started by tasks/sample/problems/hub.py.

    python -m infra.engines.dataset_reader '{"id": ..., "split": ..., "out": "rows.parquet", ...}'

The request holds id, revision, config, split, local_path (all but id and split may be null), start, limit and out.
One message answers: {"num_rows": n}, or {"error": kind, "detail": words, "choices": [...]} with a kind of ERRORS.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from infra.process.protocol import Channel

ERRORS = ("not_installed", "unreachable", "unknown_dataset", "unknown_config", "unknown_split", "unreadable")


class ReadError(Exception):
    """What the request asks for cannot be had; `kind` is one of ERRORS."""

    def __init__(self, kind: str, detail: object, choices: list[str] | None = None) -> None:
        super().__init__(str(detail))
        self.answer = {"error": kind, "detail": str(detail), "choices": choices or []}


def main(request: dict[str, Any]) -> None:
    """Answer one request."""
    channel = Channel(commands=False)
    try:
        channel.send({"num_rows": copy_rows(request)})
    except ReadError as error:
        channel.send(error.answer)
    except Exception as error:
        channel.send({"error": "unreadable", "detail": f"{type(error).__name__}: {error}", "choices": []})
        raise


def copy_rows(request: dict[str, Any]) -> int:
    """Write the rows asked for; returns their number. No file is written for 0."""
    try:
        import datasets
    except ImportError as error:
        raise ReadError("not_installed", error) from error
    datasets.disable_progress_bars()
    dataset = _open_copy(request) if request["local_path"] else _open_hub(request)
    first = min(request["start"], len(dataset))
    last = len(dataset) if request["limit"] is None else min(first + request["limit"], len(dataset))
    if first < last:
        dataset.select(range(first, last)).to_parquet(request["out"])
    return last - first


def _open_copy(request: dict[str, Any]) -> Any:
    """A copy made with save_to_disk: of one split, taken as it is, or of several, by name."""
    import datasets

    try:
        copy = datasets.load_from_disk(request["local_path"])
    except FileNotFoundError as error:
        raise ReadError("unknown_dataset", error) from error
    if isinstance(copy, datasets.Dataset):
        return copy
    _check_split(request["split"], list(copy))
    return copy[request["split"]]


def _open_hub(request: dict[str, Any]) -> Any:
    import datasets
    from huggingface_hub.errors import HfHubHTTPError

    try:
        builder = datasets.load_dataset_builder(request["id"], name=request["config"], revision=request["revision"])
        builder.download_and_prepare()
    except datasets.exceptions.FileNotFoundDatasetsError as error:
        raise ReadError("unknown_dataset", error) from error
    except ValueError as error:
        configs = datasets.get_dataset_config_names(request["id"], revision=request["revision"])
        if request["config"] in configs or (request["config"] is None and len(configs) == 1):
            raise
        raise ReadError("unknown_config", error, configs) from error
    except (ConnectionError, TimeoutError, HfHubHTTPError) as error:  # offline mode is a ConnectionError
        raise ReadError("unreachable", error) from error
    _check_split(request["split"], list(builder.info.splits))
    return builder.as_dataset(split=request["split"])


def _check_split(split: str, choices: list[str]) -> None:
    if split not in choices:
        raise ReadError("unknown_split", "", choices)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
