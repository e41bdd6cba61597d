"""One session of a machine compiles a model, and those beside it wait for what it made."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.engines.generate.first_load import first_alone, mark_of

LOADS = """
import sys, time
from pathlib import Path
from infra.engines.generate.first_load import first_alone
mark, log, fails = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "fails"
def load():
    with log.open("a") as file:
        file.write("begin\\n")
        file.flush()
        time.sleep(1.0)
        if fails and not log.with_suffix(".failed").exists():
            log.with_suffix(".failed").touch()
            sys.exit(1)
        file.write("end\\n")
first_alone(mark, load)
"""


@pytest.mark.parametrize("ending", ["works", "fails"])
def test_the_first_loads_alone_and_the_others_together(tmp_path: Path, ending: str) -> None:
    """Where the first fails, another is the first."""
    mark, log = tmp_path / "cache" / "mark", tmp_path / "log"
    command = [sys.executable, "-c", LOADS, str(mark), str(log), ending]
    processes = [subprocess.Popen(command) for _ in range(4)]
    statuses = sorted(process.wait(timeout=60) for process in processes)
    lines = log.read_text().split()
    if ending == "works":
        assert statuses == [0, 0, 0, 0] and lines[:2] == ["begin", "end"]
        assert lines[2:] == ["begin"] * 3 + ["end"] * 3
    else:
        assert statuses == [0, 0, 0, 1] and lines[:3] == ["begin", "begin", "end"]
        assert lines[3:] == ["begin"] * 2 + ["end"] * 2
    began = time.monotonic()
    assert first_alone(mark, lambda: 7) == 7 and time.monotonic() - began < 0.5


def test_the_same_graphs_have_one_mark(tmp_path: Path) -> None:
    for name, config in (("one", "{}"), ("two", "{}"), ("wide", '{"hidden_size": 9}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(config)

    def mark(name: str, version: str = "1", **options: object) -> str:
        return mark_of(tmp_path, tmp_path / name, {"model": str(tmp_path / name), **options}, (version,)).name

    assert mark("one") == mark("two")
    assert len({mark("one"), mark("wide"), mark("one", "2"), mark("one", dtype="float32")}) == 4
