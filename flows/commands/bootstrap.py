"""`selfloop bootstrap`: make what the services need once."""

from __future__ import annotations


def bootstrap() -> None:
    """Make bucket, work pools and the automation for dead runs; check MLflow. May be repeated.

    Reads PREFECT_API_URL, MLFLOW_TRACKING_URI, SELFLOOP_STORE with the keys of S3, and SELFLOOP_PROJECT, the folder in
    which runs of the work pools find deployments' files.
    """
    from flows.services.bootstrap import run

    run()
