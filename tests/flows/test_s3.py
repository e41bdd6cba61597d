"""The same experiment in an S3 bucket: run, found again, exported. moto enforces conditional writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.flows.micro import micro_recipe, selfloop, write_recipe
from tests.servers.moto import moto_server

pytestmark = pytest.mark.slow(minutes=2)
SECRETS = {"AWS_ACCESS_KEY_ID": "planted-access", "AWS_SECRET_ACCESS_KEY": "planted-secret", "AWS_REGION": "us-east-1"}


@pytest.fixture
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a run whose store is a bucket on a server of its own."""
    with moto_server(tmp_path_factory.mktemp("moto")) as endpoint:
        client(endpoint).create_bucket(Bucket="bucket")
        yield {**SECRETS, "AWS_ENDPOINT_URL_S3": endpoint, "SELFLOOP_STORE": "s3://bucket/team"}


def client(endpoint: str):  # type: ignore[no-untyped-def]
    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="planted-access", aws_secret_access_key="planted-secret",
        region_name="us-east-1",
    )  # fmt: skip


def test_an_experiment_lives_in_a_bucket(tmp_path: Path, prefect_url: str, s3: dict[str, str]) -> None:
    recipe = write_recipe(tmp_path, micro_recipe(rounds={"max": 1}))
    variables = {**s3, "PREFECT_API_URL": prefect_url}
    done = selfloop("run", recipe, cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr

    again = selfloop("run", recipe, cwd=tmp_path, **variables)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count(": reused") == 4 + 7

    taken = selfloop("export", "micro", "--to", "taken", cwd=tmp_path, **variables)
    assert taken.returncode == 0, taken.stderr
    assert (tmp_path / "taken" / "model.safetensors").exists()

    bucket = client(s3["AWS_ENDPOINT_URL_S3"])
    keys = [item["Key"] for item in bucket.list_objects_v2(Bucket="bucket")["Contents"]]
    assert all(key.startswith("team/") for key in keys)
    assert sum(key.endswith("/record.json") for key in keys) == 11
    assert not any(key.endswith("lease.json") for key in keys)


def test_housekeeping_removes_what_broken_uploads_left_of_its_experiments(
    tmp_path: Path, prefect_url: str, s3: dict[str, str]
) -> None:
    bucket = client(s3["AWS_ENDPOINT_URL_S3"])

    def uploads() -> set[str]:
        return {item["Key"] for item in bucket.list_multipart_uploads(Bucket="bucket").get("Uploads", [])}

    def keep_house(*options: str) -> str:
        variables = {**s3, "PREFECT_API_URL": prefect_url}
        done = selfloop("housekeeping", "--no-reconcile", *options, cwd=tmp_path, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    bucket.put_object(Bucket="bucket", Key="team/micro/recipe.yaml", Body=b"name: micro")
    weights = "team/micro/round-001/train/0123456789ab/model/weights"
    for key in (weights, "elsewhere/weights"):
        upload = bucket.create_multipart_upload(Bucket="bucket", Key=key)["UploadId"]
        bucket.upload_part(Bucket="bucket", Key=key, UploadId=upload, PartNumber=1, Body=b"part")
    said = f"{weights.removeprefix('team/')}: parts of an upload"
    assert f"would go   {said}" in keep_house()
    assert uploads() == {weights, "elsewhere/weights"}
    assert f"gone       {said}" in keep_house("--apply")
    assert uploads() == {"elsewhere/weights"}
    assert "parts of an upload" not in keep_house()


def test_secrets_of_the_environment_are_written_nowhere(tmp_path: Path, prefect_url: str, s3: dict[str, str]) -> None:
    recipe = write_recipe(tmp_path, micro_recipe(rounds={"max": 1}))
    done = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url, **s3)
    assert done.returncode == 0, done.stderr
    bucket = client(s3["AWS_ENDPOINT_URL_S3"])
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for item in bucket.list_objects_v2(Bucket="bucket")["Contents"]:
        written.append(bucket.get_object(Bucket="bucket", Key=item["Key"])["Body"].read())
    assert not any(b"planted-secret" in content for content in written)
    assert "planted-secret" not in done.stdout + done.stderr
