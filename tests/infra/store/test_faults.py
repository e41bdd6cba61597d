"""What every store promises, through a proxy that fails at random, with and without conditional writes; and failures
that do not pass: each ends in one message that names the fix."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.address import open_store
from infra.store.base import Store
from infra.store.s3.store import PATIENCE_SECONDS, S3Store
from tests.faults.proxy import FaultyProxy
from tests.infra.store.conftest import ACCESS_KEY, BUCKET, PART_BYTES, SECRET_KEY, connect
from tests.infra.store.test_contract import (  # noqa: F401  (run here once more, on the stores of this file)
    sha256,
    test_a_file_comes_back_byte_for_byte,
    test_a_moved_object_has_its_new_key_alone,
    test_a_small_object_reads_back_as_it_was_put,
    test_damage_is_found_on_fetch_and_the_old_file_stays,
    test_delete_removes_and_may_be_repeated,
    test_fetching_a_missing_object_names_it,
    test_keys_are_sorted_and_start_with_the_prefix,
    test_of_eight_writers_at_once_one_creates,
    test_of_eight_writers_at_once_one_replaces,
    test_put_new_creates_once,
    test_put_new_works_again_after_delete,
    test_replace_needs_the_expected_content,
    test_verify_knows_size_and_digest,
)

pytestmark = pytest.mark.slow
SERVERS = ["moto", "rclone"]

UPLOAD = """
import hashlib, sys
from pathlib import Path
from infra.store.s3.store import S3Store
from tests.infra.store.conftest import BUCKET, PART_BYTES, connect
address, prefix, path = sys.argv[1:]
digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
S3Store(BUCKET, prefix, connect(address), PART_BYTES).put_file("model/weights", Path(path), digest)
"""


@pytest.fixture(params=SERVERS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store behind a faulty proxy."""
    with FaultyProxy(request.getfixturevalue(request.param), seed=7, delay_seconds=0.1) as proxy:
        yield S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address), PART_BYTES)


@pytest.fixture
def strict_store(moto: str) -> Iterator[Store]:
    """An empty store that excludes concurrent writers, behind a faulty proxy."""
    with FaultyProxy(moto, seed=8, delay_seconds=0.1) as proxy:
        yield S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address), PART_BYTES)


@pytest.fixture
def environment(s3_environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with credentials that the test servers accept."""
    s3_environment.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    s3_environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return s3_environment


def open_at(environment: pytest.MonkeyPatch, address: str, bucket: str = BUCKET) -> Store:
    environment.setenv("AWS_ENDPOINT_URL_S3", address)
    return open_store(f"s3://{bucket}/{uuid.uuid4().hex}")


def upload_by_hand(address: str, prefix: str, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", UPLOAD, address, prefix, str(path)], start_new_session=True)


@pytest.mark.parametrize("server", SERVERS)
def test_small_writes_through_every_fault_are_all_there(request: pytest.FixtureRequest, server: str) -> None:
    with FaultyProxy(request.getfixturevalue(server), seed=3, delay_seconds=0.05) as proxy:
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address))
        for number in range(40):
            assert store.put_new(f"new/{number:03d}", b"%d" % number)
            assert store.replace(f"new/{number:03d}", b"%d" % number, b"%d again" % number)
            assert not store.put_new(f"new/{number:03d}", b"%d again" % number) or server == "rclone"
        names = list(store.keys("new/"))
        assert names == [f"new/{number:03d}" for number in range(40)]
        assert [store.read(name) for name in names] == [b"%d again" % number for number in range(40)]
        missing = [fault for fault in proxy.faults if not proxy.counts[fault]]
        assert missing == [], proxy.counts


def test_an_outage_of_some_seconds_is_waited_out(moto: str, caplog: pytest.LogCaptureFixture) -> None:
    from threading import Timer

    with FaultyProxy(moto, faults={}) as proxy:
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address))
        store.put("k", b"1")
        proxy.mode = "drop"
        back = Timer(4, lambda: setattr(proxy, "mode", None))
        back.start()
        assert store.read("k") == b"1"
        back.join()
    assert [f"{store.uri} does not answer" in record.getMessage() for record in caplog.records] == [True]


def test_patience_ends_with_the_reason(moto: str) -> None:
    with FaultyProxy(moto, faults={}) as proxy:
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address), patience_seconds=2)
        proxy.mode = "error"
        started = time.monotonic()
        with pytest.raises(StoreError, match="the server answered 500 InternalError"):
            store.read("k")
        proxy.mode = "drop"
        with pytest.raises(StoreError, match="the server cannot be reached"):
            store.put("k", b"1")
        assert time.monotonic() - started < 20


def test_a_server_that_accepts_and_says_nothing_does_not_hang_a_run(moto: str) -> None:
    with FaultyProxy(moto, faults={}) as proxy:
        proxy.mode = "stall"
        store = S3Store(BUCKET, "x", connect(proxy.address, silence_seconds=1), patience_seconds=3)
        started = time.monotonic()
        with pytest.raises(StoreError, match="the server cannot be reached"):
            store.read("k")
        assert 3 <= time.monotonic() - started < 12
    # With the settings of a run: three tries of 20 s each use up the patience of 60 s.
    config = connect(moto).meta.config
    assert config.read_timeout * config.retries["total_max_attempts"] == PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("mode", "reason", "fix"),
    [
        ("expired", "the credentials have expired", "AWS_SESSION_TOKEN"),
        ("skewed", "clocks", "set this machine's clock"),
    ],
)
def test_what_does_not_pass_is_said_at_once(
    moto: str, environment: pytest.MonkeyPatch, tmp_path: Path, mode: str, reason: str, fix: str
) -> None:
    (tmp_path / "f").write_bytes(b"1")
    with FaultyProxy(moto, faults={}) as proxy:
        store = open_at(environment, proxy.address)
        store.put("k", b"1")
        proxy.mode = mode
        for request in (
            lambda: store.read("k"),
            lambda: store.put("k", b"2"),
            lambda: store.put_file("f", tmp_path / "f", sha256(b"1")),
            lambda: list(store.keys("")),
            *([lambda: store.verify("k", sha256(b"1"), 1)] if mode == "expired" else []),
        ):
            started = time.monotonic()
            with pytest.raises(StoreError, match=reason) as caught:
                request()
            assert fix in (caught.value.fix or "")
            assert time.monotonic() - started < 2


def test_a_bucket_that_vanishes_is_named(moto: str, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    client = connect(moto)
    client.create_bucket(Bucket="shortlived")
    store = open_at(environment, moto, "shortlived")
    client.delete_bucket(Bucket="shortlived")
    for request in (
        lambda: store.read("k"),
        lambda: store.put("k", b"2"),
        lambda: store.put_new("k", b"2"),
        lambda: store.put_file("f", tmp_path / "f", sha256(b"1")),
        lambda: list(store.keys("")),
        lambda: store.delete("k"),
    ):
        with pytest.raises(StoreError, match="there is no bucket 'shortlived'"):
            request()


@pytest.mark.parametrize("server", SERVERS)
def test_a_torn_upload_is_never_visible_and_its_parts_can_be_removed(
    request: pytest.FixtureRequest, server: str, tmp_path: Path
) -> None:
    path, prefix, upstream = tmp_path / "weights", uuid.uuid4().hex, request.getfixturevalue(server)
    path.write_bytes(bytes(12 * PART_BYTES))
    store = S3Store(BUCKET, prefix, connect(upstream), PART_BYTES)
    with FaultyProxy(upstream, faults={}, body_bytes_per_second=2.5e6) as proxy:
        child = upload_by_hand(proxy.address, prefix, path)
        try:
            assert proxy.open_puts.wait(30)
            time.sleep(3)  # some parts are there, the last ones are not
        finally:
            child.kill()
            child.wait()
    assert list(store.keys("")) == []
    assert store.read("model/weights") is None
    (found,) = store.uploads("model/")
    assert found.key == "model/weights"
    assert server == "moto" or abs(datetime.now(UTC) - found.started_at) < timedelta(minutes=10)  # moto says 2010
    assert store.uploads("other/") == []
    store.remove_upload(found)
    assert store.uploads("") == []
    store.remove_upload(found)  # it is gone: nothing to do
    store.put_file("model/weights", path, sha256(path.read_bytes()))
    assert list(store.keys("")) == ["model/weights"]
