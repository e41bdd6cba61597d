"""One Prefect server for all tests of flows: starting one takes seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from flows.prefect_server import PrefectServer
from flows.services import Addresses


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
