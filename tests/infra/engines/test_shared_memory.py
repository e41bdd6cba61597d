"""Segments of /dev/shm go with the processes that share them, killed or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import subprocess, sys
from multiprocessing.shared_memory import SharedMemory
from infra.engines.generate.shared_memory import forget_names

own = SharedMemory(create=True, size=4096)
reader = (
    "import sys; from multiprocessing.shared_memory import SharedMemory; s = SharedMemory(sys.argv[1]);"
    "print(s.buf[0], flush=True); sys.stdin.readline(); print(s.buf[0], flush=True); sys.stdin.read()"
)
own.buf[0] = 1
child = subprocess.Popen([sys.executable, "-c", reader, own.name], stdin=-1, stdout=-1, text=True)
child.stdout.readline()
forgotten = forget_names() if sys.argv[1] == "forget" else []
own.buf[0] = 2
child.stdin.write("\\n"); child.stdin.flush()
print(own.name, ",".join(forgotten), child.stdout.readline().strip(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("what", "is_left"), [("forget", False), ("keep", True)])
def test_a_segment_whose_processes_are_killed_is_left_only_where_it_has_a_name(what: str, is_left: bool) -> None:
    """Both cases: without the one the other would say nothing."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, what], stdin=-1, stdout=-1, text=True, start_new_session=True
    )
    assert process.stdout is not None
    name, forgotten, read = process.stdout.readline().rstrip("\n").split(" ")
    segment = Path("/dev/shm", name)
    try:
        assert read == "2", "they share it still"
        assert forgotten == ("" if is_left else name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert segment.exists() == is_left
    finally:
        segment.unlink(missing_ok=True)
        process.stdout.close()
