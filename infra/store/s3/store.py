"""A store in an S3 bucket, on any server that speaks S3. `client.py` connects, `../address.py` chooses.

Each object carries its sha256 as metadata. An upload that a kill interrupts is never visible; it leaves parts that
housekeeping finds and removes, or a lifecycle rule of the bucket (AbortIncompleteMultipartUpload).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from configs.errors import StoreError
from infra.store.base import Upload
from infra.store.errors import changed_file, damaged_object, explain_os_error, missing_object
from infra.store.files import move_into_place, sha256_of, sync_file, temporary_in
from infra.store.keys import check_key, check_prefix, is_reserved
from infra.store.s3.conditions import Conditions, probe_conditions
from infra.store.s3.errors import explain_s3_error, is_missing
from infra.store.s3.requests import S3Requests

MULTIPART_BYTES = 64 << 20
PATIENCE_SECONDS = 60.0

log = logging.getLogger(__name__)


class S3Store:
    """Objects below a prefix of a bucket. See `base.Store` for the methods.

    Args:
        client: a boto3 S3 client.
        multipart_bytes: files from this size on go in parts of this size (S3 wants 5 MiB at least).
        patience_seconds: how long requests are made again that fail for a reason that may pass.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        client: Any,
        multipart_bytes: int = MULTIPART_BYTES,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.uri = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client
        self._requests = S3Requests(client, bucket, multipart_bytes, patience_seconds, self.uri)
        self._conditions: Conditions | None = None
        self._probing = threading.Lock()

    def check(self) -> None:
        """See that the bucket can be listed; not patient, for a wrong address is the likely reason."""
        with self._attempt("open the store"):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

    def excludes_writers(self) -> bool:
        with self._attempt("open the store"):
            conditions = self._find_conditions()
        return conditions.create and conditions.replace

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        name = self._name(key)
        with self._attempt("store", key, path.parent):
            found = sha256_of(path)
            if found != sha256:
                raise changed_file(key, self.uri, path, expected=sha256, found=found)
            self._requests.upload(path, name, sha256)

    def get_file(self, key: str, path: Path, sha256: str) -> None:
        name = self._name(key)
        with self._attempt("fetch", key, path.parent), temporary_in(path.parent) as temporary:
            try:
                self._requests.download(name, temporary)
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
            found = self._requests.head(name)
            if found is None or found[0] != size_bytes:
                return False
            return (found[1] or self._requests.hash(name)) == sha256

    def read(self, key: str) -> bytes | None:
        name = self._name(key)
        with self._attempt("read", key):
            found = self._requests.get(name)
        return found[0] if found else None

    def put_new(self, key: str, content: bytes) -> bool:
        name = self._name(key)
        with self._attempt("create", key):
            if self._find_conditions().create:
                return self._requests.put_if(name, content, IfNoneMatch="*")
            if self._requests.get(name) is not None:
                return False
            self._requests.put(name, content)
            return True

    def put(self, key: str, content: bytes) -> None:
        name = self._name(key)
        with self._attempt("store", key):
            self._requests.put(name, content)

    def replace(self, key: str, expected: bytes, content: bytes) -> bool:
        name = self._name(key)
        with self._attempt("replace", key):
            found = self._requests.get(name)
            if found is None or found[0] != expected:
                return False
            if self._find_conditions().replace:
                return self._requests.put_if(name, content, IfMatch=found[1])
            self._requests.put(name, content)
            return True

    def keys(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix, self.uri)
        with self._attempt("list", prefix):
            names = [name.removeprefix(self._prefix) for name in self._requests.names(self._prefix + prefix)]
        yield from sorted(name for name in names if not is_reserved(name))

    def move(self, key: str, to: str) -> None:
        source, name = self._name(key), self._name(to)
        with self._attempt("move", key):
            if self._requests.copy(source, name):
                self._requests.delete(source)

    def delete(self, key: str) -> None:
        name = self._name(key)
        with self._attempt("delete", key):
            self._requests.delete(name)

    def uploads(self, prefix: str) -> list[Upload]:
        check_prefix(prefix, self.uri)
        with self._attempt("list the uploads of", prefix):
            listed = self._requests.list_uploads(self._prefix + prefix)
        found = [Upload(name.removeprefix(self._prefix), upload_id, started) for name, upload_id, started in listed]
        return sorted(found, key=lambda upload: (upload.started_at, upload.key))

    def remove_upload(self, upload: Upload) -> None:
        name = self._name(upload.key)
        with self._attempt("remove an upload of", upload.key):
            self._requests.abort_upload(name, upload.id)

    def _name(self, key: str) -> str:
        check_key(key, self.uri)
        return self._prefix + key

    def _find_conditions(self) -> Conditions:
        """What the server enforces: asked once, at the first conditional write, so that readers need no more rights."""
        with self._probing:
            if self._conditions is None:
                self._conditions = self._requests.patiently(
                    lambda: probe_conditions(self._client, self._bucket, self._prefix)
                )
                if not (self._conditions.create and self._conditions.replace):
                    log.warning(
                        "%s: the server ignores If-None-Match or If-Match; a run that starts therefore waits some "
                        "seconds, to see whether another one starts too",
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
        except (BotoCoreError, ClientError, Boto3Error, ResponseParserError, ConnectionError, TimeoutError) as error:
            endpoint = self._client.meta.endpoint_url
            raise explain_s3_error(error, f"{action} (server {endpoint})", self._bucket) from error
        except OSError as error:
            raise explain_os_error(error, action, folder or Path.cwd()) from error
