"""Starts a program of an engine without what its libraries would import only because it is installed.

    python -m infra.engines.bare PROGRAM ARGUMENT...

accelerate imports MLflow and boto3 wherever it finds them, transformers scikit-learn; engines use none of these, and
they take a fifth of the time until the first one works (`python -m benchmarks.engine_start`). Imported by a process,
this module hides them from it.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

UNUSED = ("mlflow", "boto3", "sklearn")

_modules: dict[str, Any] = sys.modules  # None there is how Python is told that a module cannot be imported
_modules.update(dict.fromkeys(UNUSED))

if __name__ == "__main__":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
