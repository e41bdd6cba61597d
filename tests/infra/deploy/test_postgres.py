"""Which Postgres is taken, and what is said where there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra.deploy.postgres import find_postgres, remove_stale_lock
from infra.deploy.settings import StackError


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for version in ("9.6", "15", "17"):
        program = tmp_path / "packages" / version / "bin/postgres"
        program.parent.mkdir(parents=True)
        program.touch()
    return tmp_path / "packages"


def test_newest_version_is_taken_for_new_data(tmp_path: Path, packages: Path) -> None:
    assert find_postgres(tmp_path / "data", packages) == packages / "17/bin/postgres"


def test_data_is_opened_by_the_version_that_made_it(tmp_path: Path, packages: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("15\n")
    assert find_postgres(tmp_path, packages) == packages / "15/bin/postgres"


def test_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError) as caught:
        find_postgres(tmp_path / "data", tmp_path)
    assert "Postgres is not installed" in str(caught.value)
    assert "apt-get install -y postgresql" in str(caught.value)


def test_the_lock_of_a_dead_server_is_removed_even_while_nobody_buries_it(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    process = subprocess.Popen(["true"])
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the process table
        lock.write_text(f"{process.pid}\n{tmp_path}\n")
        remove_stale_lock(tmp_path)
        assert not lock.exists()
    finally:
        process.wait()
    remove_stale_lock(tmp_path)


def test_the_lock_of_a_living_server_stays(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n")
    remove_stale_lock(tmp_path)
    assert lock.exists()
