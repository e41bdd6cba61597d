"""What is particular to S3: conditions, lost metadata, and errors that name address and fix."""

from __future__ import annotations

import hashlib
import io
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest

from configs.errors import StoreError
from infra.store.address import open_store
from infra.store.base import Store
from infra.store.s3.store import S3Store
from tests.faults.proxy import FaultyProxy
from tests.infra.store.conftest import ACCESS_KEY, BUCKET, PART_BYTES, SECRET_KEY, connect

pytestmark = pytest.mark.slow


def set_credentials(environment: pytest.MonkeyPatch, address: str) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", address)
    environment.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


def refusal_of(uri: str) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(uri)
    assert caught.value.fix
    assert SECRET_KEY not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("server", ["moto", "rclone"])
def test_address_and_credentials_come_from_the_environment(
    request: pytest.FixtureRequest, s3_environment: pytest.MonkeyPatch, server: str
) -> None:
    address = request.getfixturevalue(server)
    set_credentials(s3_environment, address.replace("127.0.0.1", "localhost"))
    prefix = uuid.uuid4().hex
    store = open_store(f"s3://{BUCKET}/{prefix}/deep/")
    assert store.uri == f"s3://{BUCKET}/{prefix}/deep"
    store.put("k", b"1")
    assert open_store(f"s3://{BUCKET}/{prefix}").read("deep/k") == b"1"
    assert f"{prefix}/deep/k" in list(open_store(f"s3://{BUCKET}").keys(""))


def test_a_missing_bucket_is_named(moto: str, s3_environment: pytest.MonkeyPatch) -> None:
    set_credentials(s3_environment, moto)
    said = refusal_of("s3://nowhere/x")
    assert "there is no bucket 'nowhere'" in said
    assert moto in said
    assert "aws s3 mb s3://nowhere" in said


@pytest.mark.parametrize("server", ["moto", "rclone"])
def test_a_bucket_that_is_gone_is_not_taken_for_a_missing_object(
    request: pytest.FixtureRequest, tmp_path: Path, server: str
) -> None:
    store = S3Store("gone", "x", connect(request.getfixturevalue(server)))
    with pytest.raises(StoreError, match=r"cannot verify 'k' in s3://gone/x.*there is no bucket 'gone'"):
        store.verify("k", "0" * 64, 3)
    with pytest.raises(StoreError, match=r"cannot fetch 'k' in s3://gone/x.*there is no bucket 'gone'"):
        store.get_file("k", tmp_path / "k", "0" * 64)


def test_an_impossible_bucket_name_is_named(moto: str, s3_environment: pytest.MonkeyPatch) -> None:
    set_credentials(s3_environment, moto)
    assert "name of the bucket is not valid" in refusal_of("s3://no bucket!/x")


def test_missing_credentials_are_named(moto: str, s3_environment: pytest.MonkeyPatch) -> None:
    s3_environment.setenv("AWS_ENDPOINT_URL_S3", moto)
    assert "no usable credentials were found" in refusal_of(f"s3://{BUCKET}/x")


def test_an_unknown_profile_is_named(moto: str, s3_environment: pytest.MonkeyPatch) -> None:
    s3_environment.setenv("AWS_PROFILE", "nobody")
    assert "no usable credentials were found" in refusal_of(f"s3://{BUCKET}/x")


def test_refused_credentials_are_named_but_not_shown(rclone: str, s3_environment: pytest.MonkeyPatch) -> None:
    set_credentials(s3_environment, rclone)
    s3_environment.setenv("AWS_ACCESS_KEY_ID", "someoneelse")
    said = refusal_of(f"s3://{BUCKET}/x")
    assert "does not accept the credentials" in said
    assert "someoneelse" not in said


def test_a_server_out_of_reach_is_named(s3_environment: pytest.MonkeyPatch) -> None:
    set_credentials(s3_environment, "http://user:topsecret@127.0.0.1:9")
    s3_environment.setenv("AWS_MAX_ATTEMPTS", "1")
    said = refusal_of(f"s3://{BUCKET}/x")
    assert "the server cannot be reached" in said
    assert "http://127.0.0.1:9" in said
    assert "AWS_ENDPOINT_URL_S3" in said
    assert "topsecret" not in said


def test_access_denied_names_the_rights_to_grant() -> None:
    from botocore.exceptions import ClientError

    from infra.store.s3.errors import explain_s3_error

    answer = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    said = str(explain_s3_error(ClientError(answer, "PutObject"), "cannot store 'k' in s3://bucket/x", "bucket"))
    assert "cannot store 'k' in s3://bucket/x: access denied" in said
    assert "s3:PutObject" in said


@pytest.mark.parametrize(("server", "num_warnings"), [("moto", 0), ("rclone", 1)])
def test_a_server_without_conditions_is_found_out_once_and_warned_of(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, server: str, num_warnings: int
) -> None:
    from infra.store.s3.store import S3Store

    store = S3Store(BUCKET, uuid.uuid4().hex, connect(request.getfixturevalue(server)))
    with caplog.at_level(logging.WARNING, logger="infra.store"):
        store.put_new("a", b"1")
        store.put_new("b", b"1")
        store.replace("a", b"1", b"2")
    assert [store.uri in record.getMessage() for record in caplog.records] == [True] * num_warnings
    assert list(store.keys("")) == ["a", "b"]  # the probe is gone


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "InvalidArgument"), (403, "AccessDenied"), (404, "NoSuchKey"), (405, "MethodNotAllowed"),
        (422, "Unprocessable"), (501, "NotImplemented"),
    ],
)  # fmt: skip
def test_a_server_that_refuses_the_header_and_takes_the_write_has_no_conditions(
    moto: str, caplog: pytest.LogCaptureFixture, refusal: tuple[int, str]
) -> None:
    from infra.store.s3.store import S3Store

    with FaultyProxy(moto, faults={}) as proxy, caplog.at_level(logging.WARNING, logger="infra.store"):
        proxy.refused_conditions = refusal
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address))
        store.put_new("a", b"1")
        assert store.read("a") == b"1" and list(store.keys("")) == ["a"]
        assert proxy.counts["condition"] == 2, "asked once for each condition, and never sent again"
    assert ["ignores If-None-Match" in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((403, "AccessDenied"), "access denied"),
        ((404, "NoSuchBucket"), "there is no bucket"),
        ((405, "MethodNotAllowed"), "405 MethodNotAllowed"),
        ((400, "ExpiredToken"), "the credentials have expired"),
    ],
)
def test_a_server_that_takes_no_write_at_all_any_more_is_an_error_of_access(
    moto: str, refusal: tuple[int, str], words: str
) -> None:
    from infra.store.s3.store import S3Store

    with FaultyProxy(moto, faults={}) as proxy:
        proxy.refused_conditions = proxy.refused_writes = refusal
        store = S3Store(BUCKET, uuid.uuid4().hex, connect(proxy.address))
        with pytest.raises(StoreError, match=words) as caught:
            store.put_new("a", b"1")
        assert caught.value.fix
        proxy.refused_conditions = proxy.refused_writes = None
        assert store.put_new("a", b"1"), "nothing was concluded from it"


def test_a_large_file_goes_in_parts(moto: str, tmp_path: Path) -> None:
    from infra.store.s3.store import S3Store

    content = bytes(2 * PART_BYTES + 1)
    (tmp_path / "large").write_bytes(content)
    client, prefix = connect(moto), uuid.uuid4().hex
    store = S3Store(BUCKET, prefix, client, multipart_bytes=PART_BYTES)
    store.put_file("large", tmp_path / "large", hashlib.sha256(content).hexdigest())
    assert client.head_object(Bucket=BUCKET, Key=f"{prefix}/large")["ETag"].endswith('-3"')


@pytest.mark.parametrize("server", ["moto", "rclone"])
def test_an_object_whose_metadata_was_lost_is_verified_by_reading(request: pytest.FixtureRequest, server: str) -> None:
    from infra.store.s3.store import S3Store

    client, prefix = connect(request.getfixturevalue(server)), uuid.uuid4().hex
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/f", Body=b"12345")
    store: Store = S3Store(BUCKET, prefix, client)
    assert store.verify("f", hashlib.sha256(b"12345").hexdigest(), 5)
    assert not store.verify("f", hashlib.sha256(b"1234X").hexdigest(), 5)


def answer_probe(stub: Any, refusal: int) -> None:
    """What a server answers to the requests of the probe: to a refusal of the header follows the write without it."""
    stub.add_response("put_object", {})
    for _ in range(2):
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=refusal)
        if refusal != 412:
            stub.add_response("put_object", {})
    stub.add_response("delete_object", {})


def test_a_conflict_is_tried_again() -> None:
    from botocore.stub import Stubber

    from infra.store.s3.store import S3Store

    client = connect("http://127.0.0.1:9")
    with Stubber(client) as stub:
        answer_probe(stub, 412)
        stub.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
        stub.add_response("put_object", {})
        assert S3Store(BUCKET, "", client).put_new("k", b"1")
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(("stored", "is_ours"), [(b"mine", True), (b"other", False)])
def test_a_write_whose_answer_was_lost_is_recognised_as_ours(stored: bytes, is_ours: bool) -> None:
    from botocore.response import StreamingBody
    from botocore.stub import Stubber

    from infra.store.s3.store import S3Store

    client = connect("http://127.0.0.1:9")
    with Stubber(client) as stub:
        answer_probe(stub, 412)
        stub.add_client_error(
            "put_object", "PreconditionFailed", http_status_code=412, response_meta={"RetryAttempts": 1}
        )
        body = StreamingBody(io.BytesIO(stored), len(stored))
        stub.add_response("get_object", {"Body": body, "ETag": '"e"'})
        assert S3Store(BUCKET, "", client).put_new("k", b"mine") is is_ours


def test_a_server_that_refuses_the_condition_itself_gets_unconditional_writes() -> None:
    from botocore.stub import Stubber

    from infra.store.s3.store import S3Store

    client = connect("http://127.0.0.1:9")
    with Stubber(client) as stub:
        answer_probe(stub, 501)
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        stub.add_response("put_object", {})
        assert S3Store(BUCKET, "", client).put_new("k", b"1")
        stub.assert_no_pending_responses()


def test_a_connection_that_is_lost_while_an_answer_is_dealt_with_may_pass() -> None:
    """What stands in a conditional write's way is looked at while the server's refusal is handled."""
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import ClientError, ConnectionClosedError

    from infra.store.s3.patience import is_passing

    def raised(error: Exception, status: int) -> Exception:
        answer = {"Error": {"Code": "x", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        error.__context__ = ClientError(answer, "PutObject")
        return error

    assert is_passing(raised(ConnectionClosedError(endpoint_url="http://127.0.0.1"), 412))
    assert is_passing(raised(S3UploadFailedError("in parts"), 503))
    assert not is_passing(raised(S3UploadFailedError("in parts"), 403))
