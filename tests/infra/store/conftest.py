"""Stores to test against: a folder, moto (enforces conditions) and rclone (a real server that does not)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sysconfig
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.store.base import Store
from infra.store.folder import FolderStore
from tests.servers.moto import moto_server

ACCESS_KEY, SECRET_KEY = "testaccess", "testsecret"
BUCKET = "bucket"
PART_BYTES = 5 << 20
KINDS = [
    "folder",
    pytest.param("moto", marks=pytest.mark.slow),
    pytest.param("rclone", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a moto server with an empty bucket."""
    with moto_server(tmp_path_factory.mktemp("moto")) as address:
        connect(address).create_bucket(Bucket=BUCKET)
        yield address


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of `rclone serve s3` over an empty folder, with one bucket."""
    folder, log = tmp_path_factory.mktemp("rclone"), tmp_path_factory.mktemp("rclone-log") / "log"
    binary = Path(sysconfig.get_path("scripts")) / "rclone"
    command = [str(binary), "serve", "s3", str(folder), "--addr", "127.0.0.1:0", "--config", os.devnull]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"], stderr=file, start_new_session=True
        )
    try:
        address = wait_for_address(server, log)
        connect(address).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    return make_store(request.param, request, tmp_path)


@pytest.fixture(params=KINDS[:2])
def strict_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind that excludes concurrent writers."""
    return make_store(request.param, request, tmp_path)


@pytest.fixture
def s3_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing of the developer's own set-up is visible to boto3."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return monkeypatch


def make_store(kind: str, request: pytest.FixtureRequest, folder: Path) -> Store:
    if kind == "folder":
        return FolderStore(folder / "store")
    from infra.store.s3.store import S3Store

    return S3Store(BUCKET, uuid.uuid4().hex, connect(request.getfixturevalue(kind)), multipart_bytes=PART_BYTES)


def connect(address: str, silence_seconds: float = 20.0) -> Any:
    """A client for a test server, set as that of a run."""
    import boto3

    from infra.store.s3.client import client_config

    return boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=client_config(silence_seconds),
    )


def wait_for_address(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address rclone prints once it listens."""
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"server on \[(http://\S+?)/\]", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"rclone did not start: {log.read_text()}")
