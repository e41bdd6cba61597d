"""Everything the services need once, before the first run. Can be repeated: what is right already is left alone.

    selfloop bootstrap
    python -m flows.services.bootstrap     the job of the stack (docker-compose.yml, `selfloop stack up`)

It takes addresses and keys from the environment, and makes: the bucket; the work pools `cpu` and `gpu`; the
automations that mark runs whose process has died, that continue them, and that tell people; the tags of MLflow's
default experiment. It checks what new experiments take over from the server: artifacts go into the bucket, where every
client can read them.
Nothing here divides the GPUs: runs on one machine take turns by themselves (`infra/engines/device_lease.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from configs.errors import TrackingError, UserError
from flows.services.addresses import Addresses, resolve_addresses
from flows.services.automations import Outcome
from flows.services.bootstrap_prefect import POOLS, ensure_work_pool
from flows.services.dead_runs import SILENCE_VARIABLE, ensure_automations
from flows.services.notify import VARIABLE, ensure_notifications
from flows.services.prefect_server import answers
from infra.deploy.mlflow_api import PROXIED, artifact_location, check_artifact_storage, ensure_default_tags


def bootstrap(addresses: Addresses, project: str | None) -> Iterator[Outcome]:
    """Do it, one outcome at a time.

    Args:
        project: folder of selfloop's sources as workers see it; deployments' entrypoints are relative to it.

    Raises:
        UserError: a service is missing or refuses.
    """
    yield _bucket(addresses.store)
    if not addresses.prefect:
        raise UserError("no Prefect server is configured", "set PREFECT_API_URL, for example by: . .selfloop/stack/env")
    if not answers(addresses.prefect):
        raise UserError(f"the Prefect API at {addresses.prefect} does not answer", "start it: selfloop stack up")
    os.environ["PREFECT_API_URL"] = addresses.prefect
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for pool, description in POOLS.items():
            yield ensure_work_pool(client, pool, description, project)
        yield from ensure_automations(client, os.environ.get(SILENCE_VARIABLE, ""))
        yield from ensure_notifications(client, os.environ.get(VARIABLE, ""))
    yield _tracking(addresses.tracking)


def _bucket(store: str) -> Outcome:
    if not store.lower().startswith("s3://"):
        return Outcome(f"store {store}", "kept", "a folder needs no bucket")
    from infra.store.s3.bucket import ensure_bucket

    bucket = store.partition("://")[2].partition("/")[0]
    return Outcome(f"bucket {bucket}", "made" if ensure_bucket(bucket) else "kept")


def _tracking(uri: str) -> Outcome:
    if not uri.startswith(("http://", "https://")):
        return Outcome("MLflow", "kept", f"{uri} is a local database")
    uri = uri.rstrip("/")
    location = artifact_location(uri)
    if not location.startswith((PROXIED, "s3://")):
        raise TrackingError(
            f"the MLflow server at {uri} keeps artifacts at {location}, a folder that clients cannot read",
            "start it with --artifacts-destination s3://BUCKET/mlflow on an empty database",
        )
    if location.startswith(PROXIED):
        check_artifact_storage(uri)
    verb = "made" if ensure_default_tags(uri) else "kept"
    return Outcome("MLflow experiment defaults", verb, f"artifacts at {location}")


def run() -> None:
    """Print every outcome, and at the end whether anything changed."""
    outcomes = []
    for outcome in bootstrap(resolve_addresses(), os.environ.get("SELFLOOP_PROJECT")):
        print(outcome, flush=True)
        outcomes.append(outcome)
    if all(outcome.verb == "kept" for outcome in outcomes):
        print("nothing changed", flush=True)


if __name__ == "__main__":
    try:
        run()
    except UserError as error:
        sys.exit(f"error: {error}")
