"""One run a GPU at a time: the second waits and says for whom, and the dead hold nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from configs.errors import EngineError
from infra.engines.device_lease import DEVICES_VARIABLE, FOLDER_VARIABLE, DeviceLease, leased_devices
from infra.engines.gpu_list import choose, parse

HOLD = """
import sys
from infra.engines.device_lease import DeviceLease
lease = DeviceLease("experiment held", print)
lease.take()
print("taken", flush=True)
sys.stdin.read()
"""
LISTING = """GPU 0: NVIDIA H200 (UUID: GPU-aa11)
  MIG 1g.18gb     Device  0: (UUID: MIG-a1)
  MIG 1g.18gb     Device  1: (UUID: MIG-a2)
GPU 1: NVIDIA H200 (UUID: GPU-bb22)
GPU 2: NVIDIA H200 (UUID: GPU-cc33)
"""
GPUS = parse(LISTING)
SECONDS = 30.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Locks of this test alone, of a machine whose one GPU is called `one`."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "locks"))
    monkeypatch.setenv(DEVICES_VARIABLE, "one")
    return tmp_path / "locks"


class Run:
    """A run in a thread: what it was told, and whether it has its devices."""

    def __init__(self, name: str) -> None:
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.lease = DeviceLease(f"experiment {name}", self.lines.put)
        self.thread = Thread(target=self.lease.take, daemon=True)
        self.thread.start()

    def said(self) -> str:
        return self.lines.get(timeout=SECONDS)

    def has_devices(self) -> bool:
        self.thread.join(SECONDS)
        return not self.thread.is_alive()


def hold() -> subprocess.Popen[str]:
    """A process that holds the devices until it is told to end, or is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def test_the_second_run_waits_for_the_first_and_says_so() -> None:
    first = DeviceLease("experiment first", pytest.fail)
    first.take()
    first.take()
    second = Run("second")
    said = second.said()
    assert said.startswith("waiting for one, held by experiment first: ")
    assert f"process {os.getpid()} " in said
    second.thread.join(0.2)
    assert second.thread.is_alive()
    first.release()
    assert second.has_devices()
    assert second.said().startswith("one is free, after ")
    third = Run("third")
    assert "experiment second" in third.said()
    second.lease.release()
    assert third.has_devices()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_holder_that_dies_frees_its_devices(number: signal.Signals) -> None:
    holder = hold()
    waiting = Run("waiting")
    assert "experiment held: " in waiting.said()
    holder.send_signal(number)
    assert waiting.has_devices()
    holder.communicate()
    waiting.lease.release()


def test_runs_whose_devices_overlap_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICES_VARIABLE, "two, one")
    first = DeviceLease("experiment first", pytest.fail)
    first.take()
    monkeypatch.setenv(DEVICES_VARIABLE, "three,two")
    second = Run("second")
    assert second.said().startswith("waiting for two,")
    monkeypatch.setenv(DEVICES_VARIABLE, "one")
    first.release()
    assert second.has_devices()
    again = DeviceLease("experiment again", pytest.fail)
    again.take()
    again.release()
    second.lease.release()


def test_what_a_run_holds_can_be_named_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICES_VARIABLE, " MIG-b, MIG-a,,")
    assert leased_devices() == ("MIG-a", "MIG-b")
    monkeypatch.setenv(DEVICES_VARIABLE, "none")
    assert leased_devices() == ()
    monkeypatch.setenv(DEVICES_VARIABLE, "")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert leased_devices() == ()


@pytest.mark.parametrize(
    ("visible", "held"),
    [
        (None, ("GPU-bb22", "GPU-cc33", "MIG-a1", "MIG-a2")),
        ("2,1", ("GPU-bb22", "GPU-cc33")),
        ("0", ("MIG-a1", "MIG-a2")),
        ("MIG-a2", ("MIG-a2",)),
        ("GPU-cc", ("GPU-cc33",)),
        ("1,-1,2", ("GPU-bb22",)),
        ("7", ()),
    ],
)
def test_devices_are_those_that_cuda_shows(visible: str | None, held: tuple[str, ...]) -> None:
    assert choose(GPUS, visible) == held


def test_everybody_may_use_the_locks(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        lease = DeviceLease("experiment private", pytest.fail)
        lease.take()
        lease.release()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o7777 == 0o1777
    assert (folder / "one.lock").stat().st_mode & 0o777 == 0o666


def test_a_lock_that_is_a_link_is_not_followed(folder: Path) -> None:
    folder.mkdir()
    (folder / "one.lock").symlink_to(folder / "elsewhere")
    with pytest.raises(EngineError, match=f"the lock of one in {folder} cannot be taken"):
        DeviceLease("experiment tricked", pytest.fail).take()
    assert not (folder / "elsewhere").exists()
