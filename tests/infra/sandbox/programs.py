"""For tests of sandboxes: a function for the pool with hardly any limit of time, and a bubblewrap that misbehaves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.sandbox.bubblewrap import Limits
from infra.sandbox.bubblewrap_run import Result, run_script


def make_runner() -> Callable[[str], Result]:
    return lambda source: run_script(source, b"", Limits(600, 2**28, 4, 2**20))


def replace_bwrap(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a shell script in the place of bubblewrap, for this process and those it starts."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
