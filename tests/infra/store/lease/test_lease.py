"""One writer for an experiment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.folder import FolderStore
from infra.store.lease.holder import name_user
from infra.store.lease.lease import Lease
from tests.infra.store.lease.leases import KEY, make_lease, read_lease, write_lease

HOLD = """
import sys, time
from pathlib import Path
from infra.store.folder import FolderStore
from infra.store.lease.lease import Lease
with Lease(FolderStore(Path(sys.argv[1])), "experiment/lease.json", "alice@here"):
    print("held", flush=True)
    time.sleep(600)
"""


def wait_until_lost(lease: Lease) -> StoreError:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            lease.check()
        except StoreError as error:
            return error
        time.sleep(0.02)
    raise AssertionError("the lease was not lost")


def test_a_lease_is_there_while_held_and_gone_after(store: Store) -> None:
    with make_lease(store) as lease:
        lease.check()
        fields = read_lease(store)
        assert fields["holder"]["name"] == "bob@there"
        assert fields["holder"]["pid"] == os.getpid()
    assert store.read(KEY) is None


def test_of_two_leases_at_once_the_second_is_told_who_holds_it(store: Store) -> None:
    with make_lease(store):
        with pytest.raises(StoreError) as caught:
            make_lease(store).acquire()
        said = str(caught.value)
        assert "held by bob@there" in said
        assert f"or stop process {os.getpid()} on there" in said
        assert store.uri in said
    with make_lease(store) as second:
        second.check()


def test_a_beating_lease_outlives_its_time_to_live(store: Store) -> None:
    with make_lease(store) as lease:
        first = read_lease(store)
        time.sleep(3.5)
        lease.check()
        assert read_lease(store)["beat_at"] > first["beat_at"] + 0.3
        assert read_lease(store)["acquired_at"] == first["acquired_at"]
        with pytest.raises(StoreError, match="held by"):
            make_lease(store).acquire()


def test_an_expired_lease_is_taken_over_after_two_silent_beats(store: Store) -> None:
    write_lease(store, beat_age=5)
    started = time.monotonic()
    with make_lease(store) as lease:
        assert time.monotonic() - started >= 0.2
        lease.check()
        assert read_lease(store)["holder"]["name"] == "bob@there"


def test_a_live_lease_from_elsewhere_is_refused_at_once(store: Store) -> None:
    fields = write_lease(store, beat_age=0.1, ttl_seconds=60, beat_seconds=15)
    with pytest.raises(StoreError, match=r"carol@far, process 4242 \(selfloop run r.yaml\) since 20"):
        make_lease(store).acquire()
    assert read_lease(store) == fields


@pytest.mark.parametrize("clock_error", [-3600.0, 3600.0], ids=["holder's clock is ahead", "holder's clock is behind"])
def test_a_wrong_clock_does_not_make_a_beating_lease_look_dead(tmp_path: Path, clock_error: float) -> None:
    from threading import Event

    store, stop = FolderStore(tmp_path), Event()
    write_lease(store, beat_age=clock_error, beat_seconds=5)  # watched for 10 s, or until the first beat

    def beat() -> None:
        while not stop.wait(0.05):
            write_lease(store, beat_age=clock_error, beat_seconds=5)

    thread = Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(StoreError, match="held by carol@far"):
            make_lease(store).acquire()
    finally:
        stop.set()
        thread.join()


def test_a_dead_lease_whose_clock_was_ahead_is_taken_over(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    write_lease(store, beat_age=-3600)
    with make_lease(store) as lease:
        lease.check()


def test_a_lease_that_was_replaced_is_lost_and_left_alone(store: Store) -> None:
    with make_lease(store) as lease:
        with lease._lock:  # no beat of ours is under way, which a server without conditional writes lets win
            fields = write_lease(store, beat_age=0)
        error = wait_until_lost(lease)
        assert "taken over by carol@far" in str(error)
    assert read_lease(store) == fields


def test_a_lease_that_was_removed_is_lost(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with make_lease(store) as lease:
        store.delete(KEY)
        assert "was removed" in str(wait_until_lost(lease))
    assert store.read(KEY) is None


def test_a_lease_that_cannot_be_renewed_is_lost_after_its_time_to_live(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    lease = make_lease(store)
    lease.acquire()
    (tmp_path / "store").rename(tmp_path / "moved")
    (tmp_path / "store").write_text("a file in the way")
    lease.check()
    started = time.monotonic()
    assert "could not be renewed" in str(wait_until_lost(lease))
    assert 2 < time.monotonic() - started < 6
    (tmp_path / "store").unlink()
    (tmp_path / "moved").rename(tmp_path / "store")
    lease.check()  # nobody took it in the meantime
    lease.release()
    assert store.read(KEY) is None


def test_the_error_of_the_work_is_not_hidden_by_a_failing_release(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    with pytest.raises(ZeroDivisionError), make_lease(store):
        (tmp_path / "store").rename(tmp_path / "moved")
        (tmp_path / "store").write_text("a file in the way")
        raise ZeroDivisionError


def test_an_object_that_is_no_lease_is_named(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, b"{}")
    with pytest.raises(StoreError, match="cannot be read as a lease"):
        make_lease(store).acquire()


def test_a_beat_whose_answer_was_lost_is_still_ours(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with make_lease(store) as lease:
        store.put(KEY, json.dumps({**read_lease(store), "beat_at": time.time() + 0.01}).encode())
        time.sleep(0.4)
        lease.check()
    assert store.read(KEY) is None


@pytest.mark.slow
@pytest.mark.parametrize("is_reaped", [False, True], ids=["zombie", "reaped"])
def test_a_killed_holder_of_this_machine_is_replaced_at_once(tmp_path: Path, is_reaped: bool) -> None:
    store = FolderStore(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"held by alice@here, process {child.pid}"):
            make_lease(store).acquire()
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        if is_reaped:
            child.wait()
    started = time.monotonic()
    with make_lease(store) as lease:
        assert time.monotonic() - started < 10  # its time to live is 60 s
        lease.check()
    child.communicate()


def test_a_process_number_in_new_hands_is_not_the_holder(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with make_lease(store):
        fields = read_lease(store)
    fields["holder"]["started"] -= 1
    store.put(KEY, json.dumps(fields).encode())
    with make_lease(store) as lease:
        lease.check()


def test_the_command_is_shown_without_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/selfloop", "run", "r.yaml", "--set", "judge.api_key=hunter2"])
    store = FolderStore(tmp_path)
    with make_lease(store):
        assert read_lease(store)["holder"]["command"] == "selfloop run r.yaml"
        assert b"hunter2" not in (store.read(KEY) or b"")


def test_this_user_has_a_name_and_a_host() -> None:
    user, _, host = name_user().partition("@")
    assert user
    assert host


def test_a_holder_whose_clock_stands_still_is_seen_to_beat(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    stopped = time.time() - 3600
    with (
        Lease(store, KEY, "carol@far", 6.0, 1.0, clock=lambda: stopped),
        pytest.raises(StoreError, match="held by carol@far"),
    ):
        make_lease(store).acquire()
