"""A run that meets faults: a store that fails at random, goes away or refuses, a damaged file, a full disk, a clock set
back. It ends like a straight run, or with one message; then the same command goes on."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.s3.store import S3Store
from tasks.core.ledger import Ledger
from tasks.core.step import StepSpec
from tests.faults.proxy import FaultyProxy
from tests.flows.micro import SELFLOOP, environment, micro_recipe, processes_of, selfloop, write_recipe
from tests.flows.test_kill import step_keys
from tests.infra.store.conftest import ACCESS_KEY, BUCKET, SECRET_KEY, connect, moto, rclone  # noqa: F401

pytestmark = pytest.mark.slow(minutes=8)
SERVERS = ("moto", pytest.param("rclone", marks=pytest.mark.nightly))
ONE_ROUND = micro_recipe(rounds={"max": 1})


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Path:
    """The store of a run of one round that nothing disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    assert_done(run(folder, prefect_url))
    return folder / "home" / "store"


@pytest.fixture
def finished(straight: Path, tmp_path: Path) -> Path:
    """A folder with a finished experiment of its own."""
    shutil.copytree(straight, tmp_path / "home" / "store")
    return tmp_path


def count_steps(store: Path) -> int:
    return len(step_keys(store))


def run(folder: Path, url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return selfloop("run", write_recipe(folder, ONE_ROUND), cwd=folder, PREFECT_API_URL=url, **variables)


def assert_done(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def assert_one_message(done: subprocess.CompletedProcess[str], *words: str) -> None:
    shown = done.stdout + done.stderr
    assert done.returncode == 2, shown[-5000:]
    assert "Traceback" not in shown, shown[-5000:]
    assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1, shown[-5000:]
    assert "fix: " in done.stderr
    for word in words:
        assert word in done.stderr, shown[-5000:]


def s3_variables(address: str, prefix: str, bucket: str = BUCKET) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": address,
        "SELFLOOP_STORE": f"s3://{bucket}/{prefix}",
    }


def take_away(store: S3Store, folder: Path) -> Path:
    """Every object of a store as files."""
    for key in store.keys(""):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.read(key) or b"")
    return folder


def results(store: Path) -> dict[str, bytes]:
    """What the steps published: every file but the records, which hold times."""
    files = [path for path in store.glob("micro/round-*/**/*") if path.is_file() and path.name != "record.json"]
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


@pytest.mark.parametrize("server", SERVERS)
def test_a_store_that_fails_at_random_changes_no_result(
    request: pytest.FixtureRequest, straight: Path, tmp_path: Path, prefect_url: str, server: str
) -> None:
    upstream = request.getfixturevalue(server)
    with FaultyProxy(upstream, seed=5) as proxy:
        assert_done(run(tmp_path, prefect_url, **s3_variables(proxy.address, "faulty")))
        assert sum(proxy.counts[fault] for fault in proxy.faults) > 20, proxy.counts
    taken = take_away(S3Store(BUCKET, "faulty", connect(upstream)), tmp_path / "taken")
    assert step_keys(taken) == step_keys(straight)
    assert results(taken) == results(straight)
    assert not (taken / "micro" / "lease.json").exists()


def test_credentials_that_expire_end_the_run_and_new_ones_go_on(
    request: pytest.FixtureRequest, straight: Path, tmp_path: Path, prefect_url: str
) -> None:
    upstream = request.getfixturevalue("moto")
    store = S3Store(BUCKET, "expiring", connect(upstream))
    with FaultyProxy(upstream, faults={}) as proxy:
        variables = s3_variables(proxy.address, "expiring")
        proxy.expire_after = 60
        assert_one_message(run(tmp_path, prefect_url, **variables), "the credentials have expired", "AWS_SESSION_TOKEN")
        done_before = step_keys(take_away(store, tmp_path / "half"))
        assert 0 < len(done_before) < count_steps(straight)
        proxy.expire_after = proxy.mode = None
        again = run(tmp_path, prefect_url, **variables)
    assert_done(again)
    assert again.stdout.count(": reused") == len(done_before)
    assert step_keys(take_away(store, tmp_path / "whole")) == step_keys(straight)


def test_a_bucket_that_vanishes_ends_the_run_and_a_new_one_begins_it_anew(
    request: pytest.FixtureRequest, straight: Path, tmp_path: Path, prefect_url: str
) -> None:
    upstream = request.getfixturevalue("moto")
    client, store = connect(upstream), S3Store("shortlived", "x", connect(upstream))
    client.create_bucket(Bucket="shortlived")
    variables = s3_variables(upstream, "x", "shortlived")
    has_ended = threading.Event()
    vanishing = threading.Thread(target=remove_bucket_once_used, args=(client, tmp_path, has_ended))
    vanishing.start()
    ended = run(tmp_path, prefect_url, SELFLOOP_TEST_RUN=str(tmp_path), **variables)
    has_ended.set()
    vanishing.join()
    assert_one_message(ended, "there is no bucket 'shortlived'", "aws s3 mb s3://shortlived")
    client.create_bucket(Bucket="shortlived")
    assert_done(run(tmp_path, prefect_url, **variables))
    assert step_keys(take_away(store, tmp_path / "taken")) == step_keys(straight)


def remove_bucket_once_used(client: object, folder: Path, has_ended: threading.Event) -> None:
    """Remove the bucket while the warm start trains: it has its inputs, and will publish."""
    while "train_program" not in {process.name for process in processes_of(folder)} and not has_ended.is_set():
        time.sleep(0.02)
    # Keys that are written while the bucket is emptied make its removal fail: try until it is gone.
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for item in client.list_objects_v2(Bucket="shortlived").get("Contents", []):  # type: ignore[attr-defined]
            client.delete_object(Bucket="shortlived", Key=item["Key"])  # type: ignore[attr-defined]
        try:
            client.delete_bucket(Bucket="shortlived")  # type: ignore[attr-defined]
            return
        except Exception:
            continue


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


VICTIMS = (
    "round-001/generate/*/shard-00000.parquet",
    "round-001/train/*/model/model.safetensors",
    "round-001/judge/*/record.json",
)


def test_flipped_bytes_are_named_and_heal_by_computing_those_steps_alone(
    finished: Path, straight: Path, prefect_url: str
) -> None:
    store = finished / "home" / "store"
    victims = [next(store.glob(f"micro/{victim}")) for victim in VICTIMS]
    for path in victims:
        flip_a_byte(path)
    healed = run(finished, prefect_url)
    assert_done(healed)
    for path in victims:
        assert str(path.relative_to(store)) in healed.stderr
    assert healed.stderr.count("this step is computed anew") == len(victims) + 1  # the plan sees the damaged record too
    assert healed.stdout.count(": reused") == count_steps(straight) - len(victims)
    assert step_keys(store) == step_keys(straight)
    assert results(store) == results(straight)
    aside = [path.name for path in (store / "micro" / "damaged").rglob("*") if path.is_file()]
    assert {path.name for path in victims} <= set(aside)
    again = run(finished, prefect_url)
    assert again.stdout.count(": reused") == count_steps(straight)
    assert "computed anew" not in again.stderr


def test_a_damaged_decision_heals_too(finished: Path, straight: Path, prefect_url: str) -> None:
    """The plan, which every run begins with, reads decisions; it must not stop at a damaged one."""
    store = finished / "home" / "store"
    (decision,) = store.glob("micro/round-001/decide/*/decision.json")
    flip_a_byte(decision)
    healed = run(finished, prefect_url)
    assert_done(healed)
    assert str(decision.relative_to(store)) in healed.stderr
    assert healed.stdout.count(": reused") == count_steps(straight) - 1
    assert results(store) == results(straight)


@pytest.mark.parametrize("server", SERVERS)
def test_damage_behind_the_metadata_of_an_s3_object_heals_with_the_run_after_it_was_read(
    request: pytest.FixtureRequest, tmp_path: Path, server: str
) -> None:
    """S3 keeps the digest beside the object, so bytes that changed under it are seen only when they are read."""
    client = connect(request.getfixturevalue(server))
    ledger = Ledger(S3Store(BUCKET, "under", client), tmp_path / "work", {}, lambda: None)
    spec = StepSpec("micro", "train", 1, {})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "weights").write_bytes(b"12345")
    step = ledger.publish(spec, tmp_path / "out", {}, 1.0)
    name = f"under/{spec.prefix}/weights"
    kept = client.head_object(Bucket=BUCKET, Key=name)["Metadata"]
    client.put_object(Bucket=BUCKET, Key=name, Body=b"1234X", Metadata=kept)
    assert ledger.find(spec) is not None
    with pytest.raises(StoreError, match="weights") as caught:
        ledger.fetch(step, "weights")
    assert caught.value.fix == "run the same command again: only this step is computed anew"
    assert ledger.find(spec) is None
    again = ledger.publish(spec, tmp_path / "out", {}, 1.0)
    assert (again.key, again.files) == (step.key, step.files)
    assert ledger.fetch(again, "weights").read_bytes() == b"12345"
    assert [key.rpartition("/")[2] for key in ledger.store.keys("micro/damaged/")] == ["record.json", "weights"]


def test_a_plan_says_what_is_damaged_and_moves_nothing(finished: Path, prefect_url: str) -> None:
    store = finished / "home" / "store"
    (record,) = store.glob("micro/round-001/judge/*/record.json")
    flip_a_byte(record)
    plan = selfloop("plan", write_recipe(finished, ONE_ROUND), cwd=finished)
    assert_done(plan)
    assert str(record.relative_to(store)) in plan.stderr
    assert record.exists()
    assert not (store / "micro" / "damaged").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The work folder of a run on a disk of its own, too small for a run."""
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(work)], check=False).returncode:
        pytest.skip("this user may not mount a small disk (tmpfs): run the tests as root")
    yield work
    subprocess.run(["umount", "-l", str(work)], check=True)


def test_a_full_work_disk_ends_the_run_and_room_goes_on(
    small_disk: Path, straight: Path, tmp_path: Path, prefect_url: str
) -> None:
    store = tmp_path / "home" / "store"
    assert_one_message(run(tmp_path, prefect_url), "the disk is full", str(small_disk))
    before = step_keys(store)
    assert len(before) < count_steps(straight)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert_done(run(tmp_path, prefect_url))
    assert step_keys(store) == step_keys(straight)
    assert results(store) == results(straight)


def test_two_runs_started_at_once_end_as_one(straight: Path, tmp_path: Path, prefect_url: str) -> None:
    recipe = write_recipe(tmp_path, ONE_ROUND)
    variables = environment(tmp_path / "home", PREFECT_API_URL=prefect_url)
    runs = [
        subprocess.Popen(
            [str(SELFLOOP), "run", str(recipe)], cwd=tmp_path, env=variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    ends = [(*process.communicate(timeout=300), process.returncode) for process in runs]
    assert sorted(status for _, _, status in ends) == [0, 2], ends
    refused = next(errors for _, errors, status in ends if status == 2)
    winner = next(process.pid for process in runs if process.returncode == 0)
    assert "is held by" in refused
    assert f"process {winner}" in refused
    assert results(tmp_path / "home" / "store") == results(straight)


def test_a_clock_set_back_changes_nothing(straight: Path, tmp_path: Path, prefect_url: str) -> None:
    """The first half of the round was computed by the right clock, the rest a day earlier."""
    (tmp_path / "sitecustomize.py").write_text("import time\nright = time.time\ntime.time = lambda: right() - 86400\n")
    shutil.copytree(straight, tmp_path / "home" / "store")
    for step in ("train", "evaluate", "decide"):
        shutil.rmtree(next((tmp_path / "home/store/micro/round-001" / step).glob("*/record.json")).parent)
    done = run(tmp_path, prefect_url, PYTHONPATH=str(tmp_path))
    assert_done(done)
    assert done.stdout.count(": reused") == count_steps(straight) - 3
    assert results(tmp_path / "home" / "store") == results(straight)
