"""The stack of services as values: what each is started with, how its health is seen, and what it waits for.

    describe(settings, native_place(...))               what `selfloop stack` starts
    describe(settings, CONTAINERS)                      what docker-compose.yml says; a test compares the two

Names of hosts, ports inside containers and paths of data are the `Place`; everything else is the same in both. One
server differs: natively rclone serves S3 from a folder, since RustFS comes as a container image.
"""

from __future__ import annotations

import os
from pathlib import Path

from infra.deploy.health import Http, Program, Tcp
from infra.deploy.place import Place
from infra.deploy.service import Server, Service
from infra.deploy.settings import StackSettings, variable

POSTGRES_USER = "selfloop"
HEARTBEAT_SECONDS = 30
"""Runs say so often that they live, Prefect's least; the automation of `flows/services/dead_runs.py` waits for
three of them, or as many as STACK_SILENCE_SECONDS says."""
PATIENT_CLIENT = {"PREFECT_CLIENT_MAX_RETRIES": "7", "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500"}
"""Waits of 2, 4 to 128 s: a run survives four minutes without an API, or without its database (it answers 500)."""


def describe(settings: StackSettings, place: Place) -> tuple[Service, ...]:
    """Every service, in an order in which they can start."""
    return (
        _postgres(settings, place),
        _s3(settings, place),
        _prefect(settings, place),
        _mlflow(settings, place),
        _bootstrap(settings, place),
        _worker("worker", "cpu", settings, place),
        _worker("worker-gpu", "gpu", settings, place),
    )


def client_environment(settings: StackSettings, place: Place) -> dict[str, str]:
    """What anybody needs to use the services: workers, bootstrap, and the shell of a user."""
    return {
        "PREFECT_API_URL": f"http://{place.address('prefect')}/api",
        "MLFLOW_TRACKING_URI": f"http://{place.address('mlflow')}",
        "SELFLOOP_STORE": f"s3://{settings.bucket}/store",
        **_s3_client(settings, place),
    }


def _s3_client(settings: StackSettings, place: Place) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_S3": f"http://{place.address('s3')}",
        "AWS_ACCESS_KEY_ID": settings.s3_access_key,
        "AWS_SECRET_ACCESS_KEY": settings.s3_secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        # Checksum headers are new in boto3 1.36 and refused by many servers (boto3 issue 4392).
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    }


def _postgres(settings: StackSettings, place: Place) -> Service:
    port = str(place.ports["postgres"])
    ready = str(Path(place.postgres).with_name("pg_isready"))
    return Service(
        name="postgres",
        server=Server(
            command=(place.postgres, "-h", place.bind, "-p", port),
            environment={
                "POSTGRES_USER": POSTGRES_USER,
                "POSTGRES_PASSWORD": settings.postgres_password,
                "POSTGRES_DB": "prefect",  # databases.sql makes the others
                "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256",
                "PGDATA": place.data["postgres"],
            },
            health=Program((ready, "-h", place.local, "-p", port, "-U", POSTGRES_USER, "-d", "prefect")),
        ),
        host=place.bind,
        port=place.ports["postgres"],
        stop_signal="SIGINT",  # on SIGTERM it waits until the last client has gone
        port_setting=variable("postgres_port"),
    )


def _s3(settings: StackSettings, place: Place) -> Service:
    port, data = place.ports["s3"], place.data["s3"]
    return Service(
        name="s3",
        server=Server(
            command=("rustfs", data),
            environment={
                "RUSTFS_ADDRESS": f"{place.bind}:{port}",
                "RUSTFS_ACCESS_KEY": settings.s3_access_key,
                "RUSTFS_SECRET_KEY": settings.s3_secret_key,
                "RUSTFS_CONSOLE_ENABLE": "false",
            },
            health=Http(f"http://{place.local}:{port}/health"),
        ),
        native=Server(
            command=(place.rclone, "serve", "s3", data, "--addr", f"{place.bind}:{port}", "--config", os.devnull),
            environment={"RCLONE_AUTH_KEY": f'"{settings.s3_access_key},{settings.s3_secret_key}"'},
            health=Tcp(place.local, port),
        ),
        host=place.bind,
        port=port,
        port_setting=variable("s3_port"),
    )


def _prefect(settings: StackSettings, place: Place) -> Service:
    port = place.ports["prefect"]
    login = f"{POSTGRES_USER}:{settings.postgres_password}@{place.address('postgres')}"
    return Service(
        name="prefect",
        server=Server(
            command=(place.python, "-m", "prefect", "server", "start", "--host", place.bind, "--port", str(port)),
            environment={
                "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{login}/prefect",
                "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                "DO_NOT_TRACK": "1",
                "PREFECT_SERVER_UI_ENABLED": "true",
                # The browser calls this one, so it is the address outside of containers.
                "PREFECT_SERVER_UI_API_URL": f"http://{settings.host}:{settings.prefect_port}/api",
                "PREFECT_UI_URL": f"http://{settings.host}:{settings.prefect_port}",  # of links in messages
                "PREFECT_HOME": place.data["prefect"],
            },
            health=Http(f"http://{place.local}:{port}/api/health"),
        ),
        waits_for=("postgres",),
        host=place.bind,
        port=port,
        port_setting=variable("prefect_port"),
    )


def _mlflow(settings: StackSettings, place: Place) -> Service:
    port = place.ports["mlflow"]
    login = f"{POSTGRES_USER}:{settings.postgres_password}@{place.address('postgres')}"
    options = ("--host", place.bind, "--port", str(port), "--workers", str(settings.mlflow_workers))
    return Service(
        name="mlflow",
        server=Server(
            command=(place.python, "-m", "mlflow", "server", *options),
            environment={
                "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg2://{login}/mlflow",
                # Clients send artifacts to the server, and only the server knows the bucket.
                "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{settings.bucket}/mlflow",
                "MLFLOW_S3_ENDPOINT_URL": f"http://{place.address('s3')}",
                "MLFLOW_SERVER_ALLOWED_HOSTS": settings.mlflow_allowed_hosts,
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its job runners are processes that nobody here uses
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "1",
                **_s3_client(settings, place),
            },
            health=Http(f"http://{place.local}:{port}/health"),
        ),
        waits_for=("postgres", "s3"),
        host=place.bind,
        port=port,
        port_setting=variable("mlflow_port"),
    )


def _bootstrap(settings: StackSettings, place: Place) -> Service:
    return Service(
        name="bootstrap",
        server=Server(
            command=(place.python, "-m", "flows.services.bootstrap"),
            environment={
                **_client_of_prefect(settings, place),
                "SELFLOOP_PROJECT": place.project,
                "SELFLOOP_NOTIFY": settings.notify,
                "SELFLOOP_SILENCE_SECONDS": str(settings.silence_seconds),
            },
            health=None,
        ),
        waits_for=("s3", "prefect", "mlflow"),
    )


def _worker(name: str, pool: str, settings: StackSettings, place: Place) -> Service:
    # Bootstrap makes the pool, and the image holds the packages: the worker is to do neither.
    options = ("--type", "process", "--no-create-pool-if-not-found", "--install-policy", "never", "--with-healthcheck")
    port = place.ports[name]
    return Service(
        name=name,
        server=Server(
            command=(place.python, "-m", "prefect", "worker", "start", "--pool", pool, *options),
            environment={
                **_client_of_prefect(settings, place),
                "PREFECT_WORKER_WEBSERVER_HOST": place.local,
                "PREFECT_WORKER_WEBSERVER_PORT": str(port),
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
                **PATIENT_CLIENT,
                "SELFLOOP_HOME": place.home,
            },
            health=Http(f"http://{place.local}:{port}/health"),
        ),
        waits_for=("bootstrap",),
        host=place.local,
        port=port,
        port_setting=variable("worker_port" if pool == "cpu" else "gpu_worker_port"),
        profile="" if pool == "cpu" else "gpu",
    )


def _client_of_prefect(settings: StackSettings, place: Place) -> dict[str, str]:
    return {
        **client_environment(settings, place),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": place.data["prefect"],
    }
