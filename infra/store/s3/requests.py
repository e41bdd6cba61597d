"""Requests to one S3 bucket by an object's full name, each made again while its failure may pass. Called by `store.py`.

Names are those of the bucket; keys, prefixes, digests and messages are `store.py`'s.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from infra.store.files import CHUNK_BYTES
from infra.store.s3.errors import CONFLICT, PRECONDITION_FAILED, is_missing, status_of
from infra.store.s3.patience import patiently

CONFLICT_ATTEMPTS = 6
WHOLE_COPY = TransferConfig(multipart_threshold=5 << 30, preferred_transfer_client="classic")
"""copies up to S3's limit are one request: not every server can copy in parts"""
DIGEST = "sha256"
"""name of the metadata that holds an object's digest"""
WRITE = "write"
"""name of the metadata that tells one conditional write from another"""

Result = TypeVar("Result")


class S3Requests:
    """Every method raises boto3's errors.

    Args:
        client: a boto3 S3 client.
        multipart_bytes: files from this size on go in parts of this size.
        patience_seconds: how long a request is made again.
        place: the store's address, for warnings.
    """

    def __init__(self, client: Any, bucket: str, multipart_bytes: int, patience_seconds: float, place: str) -> None:
        self._client = client
        self._bucket = bucket
        self._patience_seconds = patience_seconds
        self._place = place
        self._transfer = TransferConfig(
            multipart_threshold=multipart_bytes,
            multipart_chunksize=multipart_bytes,
            preferred_transfer_client="classic",
        )

    def patiently(self, request: Callable[[], Result]) -> Result:
        """Make a request that may be made several times."""
        return patiently(request, self._patience_seconds, self._place)

    def upload(self, path: Path, name: str, sha256: str) -> None:
        """Store a file, in parts where it is large."""
        extra = {"Metadata": {DIGEST: sha256}}
        self.patiently(
            lambda: self._client.upload_file(str(path), self._bucket, name, ExtraArgs=extra, Config=self._transfer)
        )

    def download(self, name: str, path: Path) -> None:
        """Fetch an object into a file."""
        try:
            self.patiently(lambda: self._client.download_file(self._bucket, name, str(path), Config=self._transfer))
        except ClientError as error:
            if is_missing(error):
                self._require_bucket()
            raise

    def head(self, name: str) -> tuple[int, str | None] | None:
        """Size and the digest in the metadata (None where it was lost); None if there is no object."""
        try:
            answer = self.patiently(lambda: self._client.head_object(Bucket=self._bucket, Key=name))
        except ClientError as error:
            if is_missing(error):
                self._require_bucket()
                return None
            raise
        return answer["ContentLength"], _lower(answer["Metadata"]).get(DIGEST)

    def get(self, name: str) -> tuple[bytes, str, dict[str, str]] | None:
        """Content, ETag and metadata; None if there is no object."""
        return self.patiently(lambda: self._get(name))

    def hash(self, name: str) -> str:
        """sha256 of an object that is there, read for it."""
        return self.patiently(lambda: self._hash(name))

    def put(self, name: str, content: bytes, write: str | None = None, **conditions: str) -> None:
        """Store bytes."""
        metadata = {DIGEST: hashlib.sha256(content).hexdigest(), **({WRITE: write} if write else {})}
        parts = {"Bucket": self._bucket, "Key": name, "Body": content, "Metadata": metadata, **conditions}
        self.patiently(lambda: self._client.put_object(**parts))

    def put_if(self, name: str, content: bytes, **condition: str) -> bool:
        """Put under a condition; False if it does not hold."""
        write = uuid.uuid4().hex
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                self.put(name, content, write, **condition)
                return True
            except ClientError as error:
                if status_of(error) == CONFLICT and attempt + 1 < CONFLICT_ATTEMPTS:
                    time.sleep(0.05 * 2**attempt)
                elif status_of(error) == PRECONDITION_FAILED:
                    is_second_try = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
                    return self._is_ours(name, content, write, is_second_try)
                elif is_missing(error):
                    return False
                else:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def names(self, prefix: str) -> list[str]:
        """Names that start with a prefix."""
        return self.patiently(lambda: self._list(prefix))

    def copy(self, source: str, name: str) -> bool:
        """Copy within the bucket; False if there is nothing to copy."""
        place = {"Bucket": self._bucket, "Key": source}
        try:
            self.patiently(lambda: self._client.copy(place, self._bucket, name, Config=WHOLE_COPY))
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return True

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens if there is none."""
        self.patiently(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))

    def list_uploads(self, prefix: str) -> list[tuple[str, str, datetime]]:
        """Name, id and start of the multipart uploads that have not ended."""
        return self.patiently(lambda: self._list_uploads(prefix))

    def abort_upload(self, name: str, upload_id: str) -> None:
        """Remove the parts of an upload; nothing happens if it has ended."""
        upload = {"Bucket": self._bucket, "Key": name, "UploadId": upload_id}
        try:
            self.patiently(lambda: self._client.abort_multipart_upload(**upload))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise

    def _require_bucket(self) -> None:
        """Raise where the bucket is gone: HEAD does not tell that from a missing object, a listing does."""
        self.patiently(lambda: self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1))

    def _get(self, name: str) -> tuple[bytes, str, dict[str, str]] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return answer["Body"].read(), answer["ETag"], _lower(answer.get("Metadata", {}))

    def _hash(self, name: str) -> str:
        digest = hashlib.sha256()
        for chunk in self._client.get_object(Bucket=self._bucket, Key=name)["Body"].iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    def _is_ours(self, name: str, content: bytes, write: str, is_second_try: bool) -> bool:
        """True if what stands in a write's way is that write: its answer was lost, and it was sent again."""
        found = self.get(name)
        if found is None:
            return False
        kept = found[2].get(WRITE)
        # A server that loses metadata is asked for the content instead.
        return kept == write if kept is not None else is_second_try and found[0] == content

    def _list(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _list_uploads(self, prefix: str) -> list[tuple[str, str, datetime]]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        found = [item for page in pages for item in page.get("Uploads", []) if item["Key"].startswith(prefix)]
        return [(item["Key"], item["UploadId"], item["Initiated"]) for item in found]


def _lower(metadata: dict[str, str]) -> dict[str, str]:
    """Some servers hand back the names of metadata with another case."""
    return {name.lower(): value for name, value in metadata.items()}
