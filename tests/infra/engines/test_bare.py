"""Programs of engines begin without libraries that they never use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.engines.programs import LIBRARIES

SAYS = """
import importlib.util, json, sys
found = [importlib.util.find_spec(name) is not None for name in ("mlflow", "boto3", "sklearn", "json")]
print(json.dumps([__name__, sys.argv[1:], found]))
"""


def test_a_program_runs_as_by_itself_and_sees_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text(SAYS)
    command = [sys.executable, "-m", "infra.engines.bare", "says", "one", "two"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert json.loads(printed) == ["__main__", ["one", "two"], [False, False, False, True]]


@pytest.mark.slow
def test_all_that_engines_import_is_there_without_them() -> None:
    imports = "; ".join(f"import infra.engines.{name}" for name in LIBRARIES)
    names = "[name for name in infra.engines.bare.UNUSED if sys.modules[name] is not None]"
    command = [sys.executable, "-c", f"import sys; {imports}; print({names}, 'transformers.trainer' in sys.modules)"]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == "[] True\n"
