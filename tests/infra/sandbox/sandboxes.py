"""For tests of sandboxes: whether one can be made here, what runs in any, and a bubblewrap that misbehaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.bubblewrap_run import probe_sandbox

REASON = probe_sandbox()
NEEDS_SANDBOX = pytest.mark.skipif(REASON is not None, reason=f"no sandbox can be made on this machine: {REASON}")


def needs_sandbox(test: Any) -> Any:
    """Marks a test that makes sandboxes."""
    return pytest.mark.slow(NEEDS_SANDBOX(test))


def sandboxed_processes() -> Iterator[int]:
    """Processes in other process namespaces than this one."""
    own = os.readlink("/proc/self/ns/pid")
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and os.readlink(entry / "ns" / "pid") != own:
                yield int(entry.name)


def replace_bwrap(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a shell script in the place of bubblewrap, for this process and those it starts."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
