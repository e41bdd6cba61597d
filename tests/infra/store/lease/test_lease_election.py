"""One writer for an experiment where the server does not exclude two, and among runs that start in one instant."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.lease import election as lease_election
from infra.store.lease.election import Election
from infra.store.s3.store import S3Store
from tests.faults.proxy import FaultyProxy
from tests.infra.store.conftest import BUCKET, connect, make_store
from tests.infra.store.lease.leases import ELSEWHERE, KEY, make_lease, read_lease

# Asks for a lease whenever it is told a prefix, by a clock that is wrong by some seconds; says what came of it.
CONTEND = """
import sys, time
from configs.errors import StoreError
from infra.store.lease.lease import Lease
from infra.store.s3.store import S3Store
from tests.infra.store.conftest import BUCKET, connect
address, name, clock_error = sys.argv[1:]
client = connect(address)
print("ready", flush=True)
for line in sys.stdin:
    lease = Lease(S3Store(BUCKET, line.strip(), client), "experiment/lease.json", name, 3.0, 1.0, settle_seconds=0.5,
                  clock=lambda: time.time() + float(clock_error))
    try:
        lease.acquire()
    except StoreError as error:
        print("refused: " + error.message, flush=True)
        sys.stdin.readline()
    else:
        print("held", flush=True)
        sys.stdin.readline()
        lease.check()
        lease.release()
    print("over", flush=True)
"""


@pytest.fixture(params=["moto", "rclone"])
def contenders(request: pytest.FixtureRequest) -> Iterator[list[subprocess.Popen[str]]]:
    """Four processes ready to ask for a lease, whose clocks disagree by up to two hours."""
    address, folder = request.getfixturevalue(request.param), Path(__file__).parents[4]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CONTEND, address, f"user{number}@host", str(clock_error)],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, start_new_session=True,
        )
        for number, clock_error in enumerate((-3600, 0, 0, 3600))
    ]  # fmt: skip
    try:
        assert [hear(process) for process in processes] == ["ready"] * 4
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell_all(processes: list[subprocess.Popen[str]], text: str) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(text + "\n")


@pytest.mark.slow
def test_of_runs_started_at_once_one_holds_and_the_others_are_told_who(contenders: list[subprocess.Popen[str]]) -> None:
    for _ in range(10):
        tell_all(contenders, f"{uuid.uuid4().hex}")
        said = [hear(process) for process in contenders]
        assert said.count("held") == 1, said
        winner = contenders[said.index("held")]
        told = f"is held by user{said.index('held')}@host, process {winner.pid}"
        assert sum(told in words for words in said) == 3, said
        tell_all(contenders, "")
        assert [hear(process) for process in contenders] == ["over"] * 4


def claims_of(store: Store) -> list[str]:
    return list(store.keys("experiment/lease-claims/"))


@pytest.fixture
def lax_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store on a server without conditional writes."""
    return make_store("rclone", request, tmp_path)


@pytest.mark.slow
def test_an_election_leaves_nothing_behind(lax_store: Store) -> None:
    with make_lease(lax_store):
        assert claims_of(lax_store) == []
        with pytest.raises(StoreError, match="held by"):
            make_lease(lax_store).acquire()
    assert list(lax_store.keys("")) == []


@pytest.mark.slow
@pytest.mark.parametrize("machine", [ELSEWHERE, None], ids=["elsewhere", "this machine"])
def test_the_claim_of_a_process_that_died_in_an_election_does_not_block(
    lax_store: Store, machine: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if machine is None:
        monkeypatch.setattr(lease_election, "DEAD_AFTER", 1e6)  # so that time alone never ends the wait
    with make_lease(lax_store):
        fields = read_lease(lax_store)
    fields["holder"]["machine"] = machine or fields["holder"]["machine"]
    fields["holder"]["started"] -= 1  # another process than this one
    first = "experiment/lease-claims/0.json"
    lax_store.put(first, json.dumps(fields).encode())
    started = time.monotonic()
    with make_lease(lax_store) as lease:
        lease.check()
        assert machine is None or time.monotonic() - started > 1.0  # watched for five settle times
    assert list(lax_store.keys("")) == []


@pytest.mark.slow
def test_a_claim_whose_write_takes_too_long_is_taken_back(rclone: str, caplog: pytest.LogCaptureFixture) -> None:
    """The lease is written late: it must not be believed, for another run may have looked meanwhile."""
    with FaultyProxy(rclone, faults={}, delay_seconds=0.4) as proxy:
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address))
        store.excludes_writers()

        def slow_down(seconds: float) -> None:
            time.sleep(seconds)
            proxy.mode = "delay"

        # The claim is put quickly, so the settle time stays short; what follows is slow.
        thread = Thread(target=slow_down, args=(0.1,))
        thread.start()
        assert not Election(store, KEY, make_lease(store)._make_claim(), settle_seconds=0.3).win(None)
        thread.join()
        proxy.mode = None
        assert "the server is slow" in caplog.text
        assert list(store.keys("")) == []
