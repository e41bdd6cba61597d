"""One Prefect server for all tests of flows, and a stack for all tests of a file: starting them takes seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from flows.services.addresses import Addresses
from flows.services.prefect_server import PrefectServer
from tests.flows.stack import Stack, running_stack


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """API address of a Prefect server that lives as long as the tests."""
    home = tmp_path_factory.mktemp("prefect-home")
    before = dict(os.environ)
    os.environ.pop("PREFECT_API_URL", None)
    with PrefectServer(Addresses(home, str(home / "store"), f"sqlite:///{home}/mlflow.db", None)) as server:
        url = server.wait()
        os.environ.clear()
        os.environ.update(before)
        yield url


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack without containers."""
    with running_stack() as running:
        yield running


@pytest.fixture
def sourced(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack, with this process's environment as after sourcing its file."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)
    return stack
