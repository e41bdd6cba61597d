"""A store in an S3 bucket, on any server that speaks S3. `s3_client.py` connects, `open.py` chooses.

Each object carries its sha256 as metadata. An upload that a kill interrupts leaves parts that only a lifecycle rule of
the bucket (AbortIncompleteMultipartUpload) removes.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from configs.errors import StoreError
from infra.store.errors import changed_file, damaged_object, explain_os_error, missing_object
from infra.store.files import CHUNK_BYTES, move_into_place, sha256_of, sync_file, temporary_in
from infra.store.keys import check_key, check_prefix, is_reserved
from infra.store.s3_conditions import Conditions, probe_conditions
from infra.store.s3_errors import CONFLICT, PRECONDITION_FAILED, explain_s3_error, is_missing, status_of

MULTIPART_BYTES = 64 << 20
CONFLICT_ATTEMPTS = 6
DIGEST = "sha256"

log = logging.getLogger(__name__)


class S3Store:
    """Objects below a prefix of a bucket. See `base.Store` for the methods.

    Args:
        client: a boto3 S3 client.
        multipart_bytes: files from this size on go in parts of this size (S3 wants 5 MiB at least).
    """

    def __init__(self, bucket: str, prefix: str, client: Any, multipart_bytes: int = MULTIPART_BYTES) -> None:
        self.uri = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client
        self._transfer = TransferConfig(
            multipart_threshold=multipart_bytes,
            multipart_chunksize=multipart_bytes,
            preferred_transfer_client="classic",
        )
        self._conditions: Conditions | None = None
        self._probing = threading.Lock()

    def check(self) -> None:
        """See that the bucket can be listed."""
        with self._attempt("open the store"):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        name = self._name(key)
        with self._attempt("store", key, path.parent):
            found = sha256_of(path)
            if found != sha256:
                raise changed_file(key, self.uri, path, expected=sha256, found=found)
            extra = {"Metadata": {DIGEST: sha256}}
            self._client.upload_file(str(path), self._bucket, name, ExtraArgs=extra, Config=self._transfer)

    def get_file(self, key: str, path: Path, sha256: str) -> None:
        name = self._name(key)
        with self._attempt("fetch", key, path.parent), temporary_in(path.parent) as temporary:
            try:
                self._client.download_file(self._bucket, name, str(temporary), Config=self._transfer)
            except ClientError as error:
                if is_missing(error):
                    raise missing_object(key, self.uri) from error
                raise
            found = sha256_of(temporary)
            if found != sha256:
                raise damaged_object(key, self.uri, expected=sha256, found=found)
            sync_file(temporary)
            move_into_place(temporary, path)

    def verify(self, key: str, sha256: str, size_bytes: int) -> bool:
        """As the protocol says; an object whose metadata was lost (copied by other tools) is read and hashed."""
        name = self._name(key)
        with self._attempt("verify", key):
            try:
                head = self._client.head_object(Bucket=self._bucket, Key=name)
            except ClientError as error:
                if is_missing(error):
                    return False
                raise
            if head["ContentLength"] != size_bytes:
                return False
            # Some servers hand back the names of metadata with another case.
            kept = {field.lower(): value for field, value in head["Metadata"].items()}.get(DIGEST)
            return (kept or self._hash(name)) == sha256

    def read(self, key: str) -> bytes | None:
        name = self._name(key)
        with self._attempt("read", key):
            found = self._read(name)
        return found[0] if found else None

    def put_new(self, key: str, content: bytes) -> bool:
        name = self._name(key)
        with self._attempt("create", key):
            if self._find_conditions().create:
                return self._put_if(name, content, IfNoneMatch="*")
            if self._read(name) is not None:
                return False
            self._put(name, content)
            return True

    def put(self, key: str, content: bytes) -> None:
        name = self._name(key)
        with self._attempt("store", key):
            self._put(name, content)

    def replace(self, key: str, expected: bytes, content: bytes) -> bool:
        name = self._name(key)
        with self._attempt("replace", key):
            found = self._read(name)
            if found is None or found[0] != expected:
                return False
            if self._find_conditions().replace:
                return self._put_if(name, content, IfMatch=found[1])
            self._put(name, content)
            return True

    def keys(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix, self.uri)
        with self._attempt("list", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            names = [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", [])]
        yield from sorted(name for name in names if not is_reserved(name))

    def delete(self, key: str) -> None:
        name = self._name(key)
        with self._attempt("delete", key):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def _name(self, key: str) -> str:
        check_key(key, self.uri)
        return self._prefix + key

    def _put(self, name: str, content: bytes, **conditions: str) -> None:
        metadata = {DIGEST: hashlib.sha256(content).hexdigest()}
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content, Metadata=metadata, **conditions)

    def _put_if(self, name: str, content: bytes, **condition: str) -> bool:
        """Put under a condition; False if it does not hold."""
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                self._put(name, content, **condition)
                return True
            except ClientError as error:
                if status_of(error) == CONFLICT and attempt + 1 < CONFLICT_ATTEMPTS:
                    time.sleep(0.05 * 2**attempt)
                elif status_of(error) == PRECONDITION_FAILED:
                    # After a lost answer botocore sends again, and the first try may be what stands in the way.
                    is_second_try = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
                    found = self._read(name) if is_second_try else None
                    return found is not None and found[0] == content
                elif is_missing(error):
                    return False
                else:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _read(self, name: str) -> tuple[bytes, str] | None:
        """Content and ETag, or None."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return answer["Body"].read(), answer["ETag"]

    def _hash(self, name: str) -> str:
        digest = hashlib.sha256()
        for chunk in self._client.get_object(Bucket=self._bucket, Key=name)["Body"].iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    def _find_conditions(self) -> Conditions:
        """What the server enforces: asked once, at the first conditional write, so that readers need no more rights."""
        with self._probing:
            if self._conditions is None:
                self._conditions = probe_conditions(self._client, self._bucket, self._prefix)
                if not (self._conditions.create and self._conditions.replace):
                    log.warning(
                        "%s: the server ignores If-None-Match or If-Match, so two runs that start in the same instant "
                        "may both believe they own an experiment; start one run at a time on this store",
                        self.uri,
                    )
            return self._conditions

    @contextmanager
    def _attempt(self, verb: str, key: str | None = None, folder: Path | None = None) -> Iterator[None]:
        action = f"cannot {verb} {self.uri}" if key is None else f"cannot {verb} {key!r} in {self.uri}"
        try:
            yield
        except StoreError:
            raise
        except (BotoCoreError, ClientError, Boto3Error) as error:
            endpoint = self._client.meta.endpoint_url
            raise explain_s3_error(error, f"{action} (server {endpoint})", self._bucket) from error
        except OSError as error:
            raise explain_os_error(error, action, folder or Path.cwd()) from error
