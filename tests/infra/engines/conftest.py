"""A tiny model, and a pool of generators that has loaded it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.shards import ENGINE
from tests.infra.engines.tiny import build_tiny_folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder, for what begins with whole weights."""
    return build_tiny_folder(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", build_tiny_folder(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def pool(model: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPool]:
    with LocalPool(ENGINE, model, tmp_path_factory.mktemp("pool")) as opened:
        yield opened
