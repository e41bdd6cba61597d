"""`selfloop stack up|down|status`: the services of docker-compose.yml without containers."""

from __future__ import annotations

import time
from pathlib import Path

from cyclopts import App

stack = App(name="stack", help="Run Postgres, S3, Prefect, MLflow and a worker on this machine, without containers.")


@stack.command
def up(*, env_file: Path = Path(".env"), gpu: bool = False) -> None:
    """Start what does not run yet, and wait until it serves.

    Parameters
    ----------
    env_file
        Settings and passwords; written with fresh passwords if missing. .env.example says what can be set.
    gpu
        Also start a worker for the work pool `gpu`.
    """
    from flows.services.addresses import resolve_addresses
    from infra.deploy import native
    from infra.deploy.settings import create_env_file, load_settings

    if create_env_file(env_file):
        print(f"wrote {env_file} with fresh passwords")
    settings = load_settings(env_file)
    to_source = native.up(env_file, resolve_addresses().home, _say, frozenset({"gpu"} if gpu else ()))
    print(f"\nPrefect  http://{settings.host}:{settings.prefect_port}")
    print(f"MLflow   http://{settings.host}:{settings.mlflow_port}")
    print(f"S3       http://{settings.host}:{settings.s3_port}, bucket {settings.bucket}")
    print(f"To use them from a shell:  . {_shown(to_source)}")


@stack.command
def down() -> None:
    """Stop every service; data stays."""
    from flows.services.addresses import resolve_addresses
    from infra.deploy import native

    native.down(resolve_addresses().home, _say)


@stack.command
def status(*, env_file: Path = Path(".env")) -> None:
    """Say of each service whether it serves, and since when. Exit status 1 if one does not.

    Parameters
    ----------
    env_file
        Settings the stack was started with.
    """
    from flows.services.addresses import resolve_addresses
    from infra.deploy import native
    from infra.deploy.settings import load_settings

    states = native.status(load_settings(env_file), resolve_addresses().home)
    for state in states:
        since = time.strftime("since %Y-%m-%d %H:%M:%S", time.localtime(state.since)) if state.since else ""
        process = f"process {state.pid}" if state.pid else ""
        print(f"{state.name:<11}{state.state:<16}{state.address:<22}{process:<17}{since}".rstrip())
    if any(state.state != "healthy" for state in states):
        raise SystemExit(1)


def _say(line: str) -> None:
    print(line, flush=True)


def _shown(path: Path) -> Path:
    """Relative to here where that is shorter."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
