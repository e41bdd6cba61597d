"""Imported once, by the process whose forks are commands (`command.py`): what commands and their engines import.

Prefect is not among it, since it reads its settings when it is imported. Forks share the process that has imported what
engines need, too; a program that it starts for one of them belongs to that one, and ends with it.
"""

from __future__ import annotations

import importlib
import os
from pkgutil import walk_packages

import tasks
from tests.flows.command import VARIABLES

LIBRARIES = (
    "alembic.command", "anyio", "cyclopts", "fastapi", "graphviz", "griffe", "httpcore", "httpx", "matplotlib.figure",
    "mlflow", "pandas", "pathspec", "pendulum", "pyarrow.parquet", "pydantic_settings", "rich.console", "scipy.stats",
    "sqlalchemy.ext.asyncio", "websockets",
)  # fmt: skip
OURS = [module.name for module in walk_packages(tasks.__path__, "tasks.") if not module.name.endswith("task")]
"""without those that import Prefect"""

os.environ.update(VARIABLES)
importlib.import_module("infra.engines.programs").import_ahead()
SHARED = set(importlib.import_module("infra.process.forking")._servers)
"""no fork ends these"""
for module in (*LIBRARIES, *OURS):
    importlib.import_module(module)
