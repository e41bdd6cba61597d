"""Rows of a Hugging Face dataset, by id and revision, or from a copy made with save_to_disk.

Called by `sources.py`. The library `datasets` runs in a child process (`infra/engines/dataset_reader.py`), which
leaves the rows in a temporary Parquet file.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from configs.errors import ProblemsError
from configs.schema.problems import HubSource
from infra.process.child import Child, engine_python
from tasks.sample.problems.files import Row, read_rows

FIXES = {
    "not_installed": "install it next to the engines: pip install 'selfloop[train]'",
    "unreachable": "check the network, HF_ENDPOINT and HF_TOKEN, or name a copy made with save_to_disk in local_path",
    "unknown_dataset": "correct id, revision or local_path; a private dataset needs HF_TOKEN",
    "unknown_config": "write one of these as config: {choices}",
    "unknown_split": "write one of these as split: {choices}",
    "unreadable": "mend the dataset, or name a copy made with save_to_disk in local_path",
}
MESSAGES = {
    "not_installed": "the library datasets cannot be imported",
    "unreachable": "the hub cannot be reached",
    "unknown_dataset": "there is no such dataset",
    "unknown_config": "there is no such config",
    "unknown_split": "there is no such split",
    "unreadable": "the dataset cannot be read",
}
REQUEST = {"id", "revision", "config", "split", "start", "limit"}


def read_hub_rows(source: HubSource, base_dir: Path) -> Iterator[Row]:
    """Rows from `source.start` on, at most `source.limit`.

    Raises:
        ProblemsError: the hub cannot be reached, or has no such dataset, config or split; or a copy is not one.
    """
    local_path = None if source.local_path is None else base_dir / Path(source.local_path).expanduser()
    if local_path is not None and not local_path.is_dir():
        raise ProblemsError(f"there is no folder {source.local_path}", "correct local_path")
    with tempfile.TemporaryDirectory(prefix="selfloop-dataset-") as folder:
        path = Path(folder, "rows.parquet")
        request = {**source.model_dump(include=REQUEST), "out": str(path)}
        request["local_path"] = None if local_path is None else str(local_path.absolute())
        answer = _run_reader(request, Path(folder, "log"))
        if "error" in answer:
            raise _to_problems_error(source, answer)
        if answer["num_rows"]:
            yield from read_rows(path, f"{source.id}.parquet")


def _run_reader(request: dict[str, Any], log_path: Path) -> dict[str, Any]:
    command = [engine_python(), "-m", "infra.engines.dataset_reader", json.dumps(request)]
    with Child(command, log_path=log_path) as child:
        answer = next(child.messages(), None)
        if answer is None:
            raise ProblemsError(
                f"{request['id']}: the process that reads it ended early:\n{child.log_tail()}",
                "run the same command again; where it ends so again, the last lines above say why",
            )
        child.wait()
        return answer


def _to_problems_error(source: HubSource, answer: dict[str, Any]) -> ProblemsError:
    name = source.local_path or source.id + (f"@{source.revision}" if source.revision else "")
    asked = {"unknown_split": f" '{source.split}'", "unknown_config": f" '{source.config}'"}.get(answer["error"], "")
    detail = f": {answer['detail']}" if answer["detail"] else ""
    return ProblemsError(
        f"{name}: {MESSAGES[answer['error']]}{asked}{detail}",
        FIXES[answer["error"]].format(choices=", ".join(answer["choices"])),
    )
