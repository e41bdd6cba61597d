"""The pool: no item can hang it, crash it, or outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count, islice
from pathlib import Path

import pytest

from configs.errors import UserError
from infra.sandbox.killable import ITEMS_AHEAD, ITEMS_PER_CHUNK, KillablePool, Outcome, describe_end

pytestmark = pytest.mark.slow

OBEDIENT = "tests.infra.sandbox.targets:make_obedient"
ROOT = Path(__file__).parents[3]


def is_running(pid: int) -> bool:
    """False for zombies too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_values_come_in_the_order_of_the_items() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=3, initargs=(3,)) as pool:
        assert [outcome.value for outcome in pool.map(range(1000))] == [3 * number for number in range(1000)]


def test_no_items_give_no_outcomes() -> None:
    with KillablePool(OBEDIENT, 5) as pool:
        assert list(pool.map([])) == []


@pytest.mark.parametrize(
    ("order", "failure"),
    [
        ("hang", "timeout"),
        ("loop", "timeout"),
        ("segfault", "crashed: SIGSEGV"),
        ("leave", "crashed: exit status 3"),
        ("exit", "raised: SystemExit: bye"),
        ("raise", "raised: KeyError: 'x'"),
        ("memory", "raised: MemoryError"),
    ],
)
def test_a_failing_item_costs_only_itself(order: str, failure: str) -> None:
    items = [1, 2, order, 3, order, 4]
    with KillablePool(OBEDIENT, 2, num_workers=1, memory_bytes=2**31) as pool:
        outcomes = list(pool.map(items))
    bad = Outcome(failure=failure)
    assert outcomes == [Outcome(2), Outcome(4), bad, Outcome(6), bad, Outcome(8)]


def test_a_value_that_cannot_travel_is_the_items_failure() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        outcome, after = pool.map(["unpicklable", 1])
    assert outcome.failure is not None and outcome.failure.startswith("raised: ")
    assert after == Outcome(2)


def test_items_are_read_as_needed() -> None:
    read = 0

    def endless():
        nonlocal read
        for number in count():
            read = number
            yield number

    with KillablePool(OBEDIENT, 5, num_workers=2) as pool:
        outcomes = pool.map(endless())
        assert [outcome.value for outcome in islice(outcomes, 100)] == [2 * number for number in range(100)]
        assert read <= ITEMS_AHEAD + 100


def test_others_go_on_while_one_item_takes_its_limit() -> None:
    items = ["hang", *["clock"] * (ITEMS_PER_CHUNK * 20)]
    with KillablePool(OBEDIENT, 3, num_workers=2) as pool:
        begin = time.monotonic()
        outcomes = list(pool.map(items))
    assert outcomes[0].failure == "timeout"
    assert len(outcomes) == len(items) and not [outcome for outcome in outcomes[1:] if outcome.failure]
    elsewhere = [outcome.value - begin for outcome in outcomes[ITEMS_PER_CHUNK:]]
    assert max(elsewhere) < 3, "the other worker was done before the limit"


def test_a_slow_reader_is_no_reason_for_a_timeout() -> None:
    with KillablePool(OBEDIENT, 2, num_workers=1) as pool:
        failures = []
        for outcome in pool.map(range(3 * ITEMS_PER_CHUNK)):
            failures.append(outcome.failure)
            if len(failures) in (1, ITEMS_PER_CHUNK):
                time.sleep(3)
    assert failures == [None] * (3 * ITEMS_PER_CHUNK)


def test_a_pool_can_be_used_again_after_an_abandoned_map() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=2) as pool:
        abandoned = pool.map(count())
        next(abandoned)
        abandoned.close()
        assert [outcome.value for outcome in pool.map([1, 2, 3])] == [2, 4, 6]


def test_an_error_of_the_items_reaches_the_caller() -> None:
    def items():
        yield 1
        raise LookupError("no more")

    with KillablePool(OBEDIENT, 5) as pool, pytest.raises(LookupError):
        list(pool.map(items()))


def test_it_works_from_a_thread() -> None:
    outcomes: list[Outcome] = []

    def judge() -> None:
        with KillablePool(OBEDIENT, 2, num_workers=2) as pool:
            outcomes.extend(pool.map([1, "hang", 2]))

    thread = threading.Thread(target=judge)
    thread.start()
    thread.join()
    assert outcomes == [Outcome(2), Outcome(failure="timeout"), Outcome(4)]


def test_replacing_a_worker_is_cheap() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        begin = time.monotonic()
        assert all(outcome.failure == "crashed: exit status 3" for outcome in pool.map(["leave"] * 50))
        assert (time.monotonic() - begin) / 50 < 0.1


def test_a_target_that_cannot_be_made_is_explained() -> None:
    with pytest.raises(UserError, match="no such rewards"), KillablePool("tests.infra.sandbox.targets:make_nothing", 5):
        pass


def test_a_template_that_dies_is_explained() -> None:
    with pytest.raises(UserError, match="ended by itself"), KillablePool("tests.infra.sandbox.targets:make_killer", 5):
        pass


def test_no_process_is_left_when_the_block_ends() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=2) as pool:
        pids = {outcome.value for outcome in pool.map(["pid"] * 200)}
    assert pids and all(ends_within(pid, 5) for pid in pids)


PARENT = """
import sys
{imports}
from infra.sandbox.killable import KillablePool
def items():
    yield "pid"
    yield from ["{order}"] * 4
with KillablePool("{target}", 600, num_workers=1) as pool:
    for outcome in pool.map(items()):
        print(outcome.value, pool._template._process.pid, flush=True)
"""


PROGRAM, FORK = "", "import tests.infra.sandbox.targets"
"""what a parent imports, that its template is a program of its own, and that it is a fork"""


@pytest.mark.parametrize(("order", "imports"), [("hang", FORK), ("loop", FORK), ("loop", PROGRAM)])
def test_a_killed_parent_leaves_no_process(order: str, imports: str) -> None:
    parent = start_parent(order, imports)
    try:
        worker, template = map(int, parent.stdout.readline().split())
        time.sleep(0.2)
        assert is_running(worker) and is_running(template)
    finally:
        parent.kill()
        parent.wait()
    assert ends_within(worker, 5) and ends_within(template, 5)


@pytest.mark.parametrize("imports", [FORK, PROGRAM])
def test_a_killed_template_leaves_no_worker(imports: str) -> None:
    parent = start_parent("loop", imports)
    try:
        worker, template = map(int, parent.stdout.readline().split())
        os.kill(template, signal.SIGKILL)
        assert ends_within(worker, 5)
        assert parent.wait(10) == 1 and "ended by itself" in parent.stderr.read()
    finally:
        parent.kill()
        parent.wait()


def test_what_a_worker_started_ends_with_it() -> None:
    parent = start_parent("start a child and hang")
    try:
        child = int(parent.stderr.readline().split()[1])
        assert is_running(child)
    finally:
        parent.kill()
        parent.wait()
    assert ends_within(child, 5)


def start_parent(order: str, imports: str = FORK) -> subprocess.Popen[str]:
    script = PARENT.format(order=order, target=OBEDIENT, imports=imports)
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_ends_are_described_by_name() -> None:
    assert describe_end(-9) == "crashed: SIGKILL"
    assert describe_end(-63) == "crashed: signal 63"
    assert describe_end(1) == "crashed: exit status 1"
