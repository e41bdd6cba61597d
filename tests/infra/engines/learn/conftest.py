"""Files of this folder import torch and TRL when they are read: where slow tests are left out, they are not read."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    is_test = collection_path.parent == Path(__file__).parent and collection_path.name.startswith("test_")
    return True if is_test and "not slow" in config.option.markexpr else None
