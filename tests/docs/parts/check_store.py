"""The store `memory://`, in a project to which docs/parts/store.md has added it: it keeps what every store promises."""

from __future__ import annotations

import uuid

import pytest

from infra.store.address import open_store
from infra.store.base import Store
from tests.infra.store.test_contract import *  # noqa: F403 - the contract's tests, run with the stores below


@pytest.fixture
def store() -> Store:
    return open_store(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def strict_store(store: Store) -> Store:
    assert store.excludes_writers()
    return store


def test_an_address_names_one_store() -> None:
    open_store("memory://one").put("k", b"1")
    assert open_store("memory://one").read("k") == b"1"
    assert open_store("memory://two").read("k") is None
