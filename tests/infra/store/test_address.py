"""Addresses of stores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.address import open_store
from infra.store.folder import FolderStore


def test_a_path_is_a_folder_that_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("runs/deep")
    assert isinstance(store, FolderStore)
    assert store.uri == str(tmp_path / "runs/deep")
    assert (tmp_path / "runs/deep").is_dir()


def test_a_file_address_is_a_folder(tmp_path: Path) -> None:
    assert open_store(f"file://{tmp_path}/with%20space").uri == str(tmp_path / "with space")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("", "is empty"),
        ("gs://bucket/x", "start with gs://"),
        ("file://host/x", "names a host"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket/../x", "part '.' or '..'"),
        ("s3://bucket//x", "it is absolute"),
    ],
)
def test_other_addresses_are_refused(uri: str, message: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(uri)
    assert message in str(caught.value)
    assert caught.value.fix


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("s3://me:hunter2@bucket/prefix")
    assert "hunter2" not in str(caught.value)


def test_opening_a_folder_does_not_load_boto3(tmp_path: Path) -> None:
    code = (
        "import sys; from infra.store.address import open_store; open_store(sys.argv[1]); print('boto3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
