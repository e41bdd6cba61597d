"""Problems of reasoning-gym for tests, and the mark of those that need the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from configs.schema.problems import ReasoningGymSource
from infra.gym.package import installed_version
from tasks.core.records import Problem
from tasks.sample.problems.sources import read_problems

needs_gym = pytest.mark.skipif(
    installed_version() is None, reason="reasoning-gym is not installed: requirements/gym.txt"
)


def draw(part: str = "train", **fields: Any) -> list[Problem]:
    """What a source gives; the process that draws takes two seconds to start."""
    return read_problems(ReasoningGymSource.model_validate(fields), part=part, fetch=None, base_dir=Path())


@cache
def some(task: str, num_problems: int = 5) -> tuple[Problem, ...]:
    """Problems of a task with its own settings."""
    return tuple(draw(task=task, num_problems=num_problems))
