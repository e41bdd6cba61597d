"""Hugging Face datasets: read in a child process, and each failure told apart."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError
from configs.schema.problems import HubSource
from tasks.sample.problems.hub import read_hub_rows

pytestmark = pytest.mark.slow

SAVE = """
import datasets, sys
rows = lambda n: datasets.Dataset.from_list([{"question": f"{i}?", "n": i} for i in range(n)])
rows(5).save_to_disk(sys.argv[1] + "/one")
datasets.DatasetDict(train=rows(5), test=rows(3)).save_to_disk(sys.argv[1] + "/two")
"""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with copies of a dataset, `one` of one split and `two` of two, and `files`, a dataset of JSONL files."""
    folder = tmp_path_factory.mktemp("copies")
    subprocess.run([sys.executable, "-c", SAVE, str(folder)], check=True, capture_output=True)
    (folder / "files").mkdir()
    (folder / "files" / "test.jsonl").write_text('{"question": "a?"}\n{"question": "b?"}\n', encoding="utf-8")
    return folder


def read(base_dir: Path, **fields: Any) -> list[dict[str, Any]]:
    return list(read_hub_rows(HubSource.model_validate({"id": "org/name", **fields}), base_dir))


def error_of(base_dir: Path, **fields: Any) -> str:
    with pytest.raises(ProblemsError) as caught:
        read(base_dir, **fields)
    assert caught.value.fix
    return str(caught.value)


def test_a_local_copy_of_one_split_is_taken_whole(copies: Path) -> None:
    assert [row["n"] for row in read(copies, local_path="one")] == [0, 1, 2, 3, 4]


def test_start_and_limit_take_rows_out(copies: Path) -> None:
    assert [row["n"] for row in read(copies, local_path="two", split="test", start=1, limit=1)] == [1]
    assert [row["n"] for row in read(copies, local_path="two", split="test", start=1, limit=9)] == [1, 2]
    assert read(copies, local_path="two", split="test", start=3) == []


def test_a_split_that_is_not_there_is_told_with_those_that_are(copies: Path) -> None:
    message = error_of(copies, local_path="two", split="validation")
    assert "two: there is no such split 'validation'" in message
    assert "train, test" in message


def test_a_folder_that_is_missing_or_no_copy_is_told(copies: Path) -> None:
    assert "there is no folder three" in error_of(copies, local_path="three")
    assert "there is no such dataset" in error_of(copies, local_path="files")


def test_a_dataset_is_read_through_its_builder(copies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    dataset = str(copies / "files")
    assert read(copies, id=dataset, split="test") == [{"question": "a?"}, {"question": "b?"}]
    assert "no such split 'train'" in error_of(copies, id=dataset)
    assert "no such config 'main'" in error_of(copies, id=dataset, config="main", split="test")


def test_a_hub_that_cannot_be_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    message = error_of(tmp_path, revision="abc")
    assert "org/name@abc: the hub cannot be reached" in message
    assert "local_path" in message


class _EmptyHub(BaseHTTPRequestHandler):
    """Answers as the hub does for a repository that it does not have."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the test's output stays clean."""


@pytest.fixture
def empty_hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EmptyHub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_dataset_that_the_hub_does_not_have_is_told(
    empty_hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", empty_hub)
    assert "org/name: there is no such dataset" in error_of(tmp_path)


def test_an_interpreter_without_the_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    os.chmod(bare, 0o755)
    monkeypatch.setenv("SELFLOOP_ENGINE_PYTHON", str(bare))
    message = error_of(tmp_path)
    assert "the library datasets cannot be imported" in message
    assert "pip install" in message


def test_a_reader_that_dies_is_told_with_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho out of luck >&2\nexit 9\n", encoding="utf-8")
    os.chmod(broken, 0o755)
    monkeypatch.setenv("SELFLOOP_ENGINE_PYTHON", str(broken))
    assert "out of luck" in error_of(tmp_path)
