"""Workers on the nodes of a cluster do what those of one machine do, whatever becomes of nodes."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest

from configs.errors import UserError
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.kinds import MathVerifier
from infra.cluster.address import ClusterPlace
from infra.cluster.course import ITEMS_PER_BATCH
from infra.cluster.crew import Crew
from infra.cluster.fleet import Fleet
from infra.cluster.greeting import Greeting
from infra.sandbox.job import Job, pool_here
from infra.sandbox.killable import ITEMS_AHEAD, Outcome
from infra.store.folder import FolderStore
from tasks.judge.verifiers.pool import verify_in, verify_in_pool
from tests.build.records import make_problem, make_sample
from tests.flows.micro import processes_of
from tests.infra.cluster.machines import Machines
from tests.infra.cluster.targets import HERE
from tests.infra.sandbox.sandboxes import needs_sandbox

pytestmark = pytest.mark.slow
NUM_NODES = 2
PLACED = "tests.infra.cluster.targets:make_placed"
MATH = [
    r"\boxed{\frac{1}{2}}",
    r"\boxed{0.5}",
    "so $x = 3$",
    r"\boxed{9^{9^{9^{9}}}}",
    r"\boxed{(1+1)/4}",
    "who knows",
    r"\boxed{\frac{1}{3}}",
]
CODE = ["```python\ndef f(x):\n    return x + 1\n```", "```python\ndef f(x):\n    return x\n```", "no program",
        "```python\ndef f(x):\n    while True: pass\n```"]  # fmt: skip


@pytest.fixture
def fleet(cluster: Machines, tmp_path: Path) -> Iterator[Fleet]:
    """Of two nodes, after which nothing is left on any."""
    fleet = Fleet(ClusterPlace(cluster.address, FolderStore(tmp_path / "store"), "x/cluster"), print)
    try:
        yield fleet
    finally:
        fleet.close()
        assert wait_until(lambda: not workers_of(cluster), 20), workers_of(cluster)


def workers_of(cluster: Machines) -> list[str]:
    """What runs on the nodes beside Ray itself."""
    return [process.command for process in processes_of(cluster.folder) if "infra" in process.command]


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def placed(seconds: float = 0.0, unable: tuple[str, ...] = (), limit_seconds: float = 3.0) -> Job:
    return Job("placing", PLACED, limit_seconds, (seconds, unable))


def names(cluster: Machines) -> set[str]:
    return {folder.name for folder in cluster.nodes}


def split(outcomes: list[Outcome]) -> tuple[list[Any], set[str]]:
    """Values, and where they were found."""
    assert all(outcome.failure is None for outcome in outcomes), outcomes
    return [outcome.value[0] for outcome in outcomes], {outcome.value[1] for outcome in outcomes}


def verdicts_of_both(fleet: Fleet, judge: AnswerJudge, gold: str, texts: list[str], log: Any) -> list[Outcome]:
    """Those of this machine, which are those of nodes."""
    problem = make_problem(gold=gold)
    items = [(problem, make_sample(text=text, index=index)) for index, text in enumerate(texts)]
    straight = list(verify_in_pool(judge, items))
    with log.at_level(logging.WARNING):
        assert list(verify_in(fleet.crew.open_pool)(judge, items)) == straight
    assert not log.records, "all of it by nodes"
    assert {outcome.value.is_correct for outcome in straight if outcome.value} >= {True, False}
    return straight


def test_verdicts_are_those_of_this_machine(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    judge = AnswerJudge(verifier=MathVerifier(limit_seconds=5))
    found = verdicts_of_both(fleet, judge, r"\frac{1}{2}", [*MATH, *MATH[:2] * 8], caplog)
    assert [outcome.failure for outcome in found if outcome.failure] == ["timeout"]


def test_all_nodes_work_and_outcomes_come_in_order(fleet: Fleet, cluster: Machines) -> None:
    with fleet.crew.open_pool(placed(0.01)) as pool:
        values, nodes = split(list(pool.map(range(500))))
    assert values == [2 * number for number in range(500)] and nodes == names(cluster)


def test_items_are_read_as_needed_and_none_are_no_outcomes(fleet: Fleet) -> None:
    read = [0]

    def endless() -> Iterator[int]:
        while True:
            read.append(read[-1] + 1)
            yield read[-1]

    with fleet.crew.open_pool(placed()) as pool:
        assert list(pool.map([])) == []
        assert split(list(islice(pool.map(endless()), 50)))[0] == [2 * number for number in range(1, 51)]
        assert read[-1] <= ITEMS_AHEAD + 50 + ITEMS_PER_BATCH


def test_several_threads_look_at_once(fleet: Fleet) -> None:
    def work(first: int) -> list[Any]:
        with fleet.crew.open_pool(placed(0.01)) as pool:
            return split(list(pool.map(range(first, first + 200))))[0]

    with ThreadPoolExecutor(3) as threads:
        for first, found in zip((0, 1000, 2000), threads.map(work, (0, 1000, 2000)), strict=True):
            assert found == [2 * number for number in range(first, first + 200)]


@pytest.mark.parametrize(("order", "failure"), [("hang", "timeout"), ("leave", "crashed: exit status 3")])
def test_an_item_that_hangs_or_crashes_costs_only_itself(fleet: Fleet, order: str, failure: str) -> None:
    items = [*range(20), order, *range(20, 60)]
    with fleet.crew.open_pool(placed(limit_seconds=2.0)) as pool:
        outcomes = list(pool.map(items))
    assert outcomes.pop(20) == Outcome(failure=failure)
    assert split(outcomes)[0] == [2 * number for number in range(60)]


def test_a_node_that_is_killed_in_the_middle_costs_nothing(
    fleet: Fleet, cluster: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    before, found = names(cluster), []
    with caplog.at_level(logging.WARNING), fleet.crew.open_pool(placed(0.02)) as pool:
        for outcome in pool.map(range(600)):
            found.append(outcome)
            if len(found) == 100:
                cluster.kill()
    values, nodes = split(found)
    assert values == [2 * number for number in range(600)] and nodes == before, "and none was found here"
    assert [row.message.partition(":")[0].partition(" (")[0] for row in caplog.records] == [
        f"verifiers lost node {os.uname().nodename}"
    ]
    cluster.add()
    with fleet.crew.open_pool(placed(0.01)) as pool:
        assert split(list(pool.map(range(300))))[1] == names(cluster), "the one that came later too"


def test_where_no_node_is_left_this_machine_goes_on(
    fleet: Fleet, cluster: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    found, before = [], names(cluster)
    with caplog.at_level(logging.WARNING), fleet.crew.open_pool(placed(0.02)) as pool:
        for outcome in pool.map(range(300)):
            found.append(outcome)
            if len(found) == 40:
                cluster.kill(2)
        again, only = split(list(pool.map(range(10))))
    values, nodes = split(found)
    assert values == [2 * number for number in range(300)] and HERE in nodes and nodes & before
    assert again == [2 * number for number in range(10)] and only == {HERE}
    told = [row.message for row in caplog.records if "no node of the cluster can do this" in row.message]
    assert told == ["placing: no node of the cluster can do this; it goes on on the machine of the run"], "once"


def test_a_node_that_cannot_make_the_function_is_left_out(
    fleet: Fleet, cluster: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    unable, able = sorted(names(cluster))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with fleet.crew.open_pool(placed(0.01, (unable,))) as pool:
                values, nodes = split(list(pool.map(range(100))))
            assert values == [2 * number for number in range(100)] and nodes == {able}
    (message,) = [row.message for row in caplog.records]
    assert message.startswith("placing: node ") and f"there is no sandbox on {unable}" in message
    with fleet.crew.open_pool(placed(0.0, (unable, able))) as pool:
        assert split(list(pool.map(range(40))))[1] == {HERE}
    with pytest.raises(UserError, match="there is no sandbox on the flow's"), fleet.crew.open_pool(
        placed(0.0, (unable, able, HERE))
    ) as pool:  # fmt: skip
        list(pool.map(range(40)))


def test_a_node_of_another_version_is_not_used(
    fleet: Fleet, cluster: Machines, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crew = Crew(Greeting("0.0.1-abcdefabcdef", str(tmp_path / "store"), "x/cluster/word", "word"))
    try:
        with caplog.at_level(logging.WARNING), crew.open_pool(placed()) as pool:
            assert split(list(pool.map(range(40)))) == ([2 * number for number in range(40)], {HERE})
    finally:
        crew.close()
    assert "another version of selfloop" in caplog.text and "this run has 0.0.1-abcdefab" in caplog.text


def test_a_home_that_says_nothing_any_more_is_done_without(
    fleet: Fleet, cluster: Machines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("infra.cluster.member.MISSING_SECONDS", 3.0)
    monkeypatch.setattr("infra.cluster.course.WAIT_SECONDS", 1.0)
    stopped, found = [], []
    with caplog.at_level(logging.WARNING), fleet.crew.open_pool(placed(0.02)) as pool:
        for outcome in pool.map(range(400)):
            found.append(outcome)
            if len(found) == 40:
                home = next(one for one in processes_of(cluster.folder) if "PoolHome" in one.command)
                stopped.append(home)
                assert home.send(signal.SIGSTOP)
    assert split(found)[0] == [2 * number for number in range(400)] and "no sign of life" in caplog.text
    assert wait_until(lambda: not psutil.pid_exists(stopped[0].pid), 20)


def test_a_node_that_loses_every_home_is_left_out(
    fleet: Fleet, cluster: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cluster.crew.MAX_HOMES", 2)
    with fleet.crew.open_pool(placed()) as pool:
        (outcome,) = pool.map(["end the home"])
        assert outcome.value[1] == HERE, "it was lost with two homes of each node"
        assert split(list(pool.map(range(30))))[1] == {HERE}


def test_workers_end_with_their_pool(fleet: Fleet, cluster: Machines) -> None:
    def templates() -> int:
        return sum("infra.sandbox" in command for command in workers_of(cluster))

    with fleet.crew.open_pool(placed()) as pool:
        list(pool.map(range(100)))
        with_workers = templates()
    assert with_workers > 2 and wait_until(lambda: templates() == 2, 10), "what templates are forks of, on each node"


def test_a_job_that_does_not_travel_is_done_here(tmp_path: Path) -> None:
    from infra.cluster.cluster import Cluster

    cluster = Cluster(ClusterPlace("nowhere:1", FolderStore(tmp_path / "store"), "x/cluster"), print)
    with cluster.open_pool(Job("placing", PLACED, 3.0, travels=False)) as pool, pool_here(placed()) as same:
        assert list(pool.map(range(5))) == list(same.map(range(5)))


@needs_sandbox
@pytest.mark.usefixtures("sandboxes_alone")
def test_programs_pass_where_they_pass_on_this_machine(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    tests = "def check(f):\n    assert f(1) == 2\n"
    gold = json.dumps({"prompt": "def f(x):\n", "test": tests, "entry_point": "f"})
    judge = AnswerJudge(verifier=CodeVerifier(layout="humaneval", limit_seconds=2))
    verdicts_of_both(fleet, judge, gold, [*CODE, *CODE[:2] * 4], caplog)
