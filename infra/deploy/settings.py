"""Settings of the stack of services: one `.env` file, read by docker compose and by `selfloop stack` alike.

Names begin with STACK_, since Prefect, MLflow and boto3 read their own names from the environment. Variables of the
shell win over the file, as they do for docker compose.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from configs.errors import UserError

PREFIX = "STACK_"
# Words stand in URLs, in RCLONE_AUTH_KEY and in compose's interpolation, which know different escapes.
_PASSWORD = r"^[A-Za-z0-9_-]{8,}$"
_BUCKET = r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$"


def _one_address(host: str) -> str:
    if host == "0.0.0.0" or not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        raise ValueError("write one address of this machine, which browsers and workers can call")
    return host


LEAST_SILENCE_SECONDS = 65
"""two heartbeats, and some more"""

Address = Annotated[str, AfterValidator(_one_address)]
Port = Annotated[int, Field(ge=1, le=65535)]


class StackError(UserError):
    """A service of the stack is not configured, not installed, or did not start."""


class StackSettings(BaseSettings):
    """What can be set. Each field is the variable STACK_NAME; passwords have no default.

    Attributes:
        host: the one address the services listen on and are called by; only Postgres and S3 ask for a password.
        notify: who is told of runs that end or ask; addresses separated by spaces (`flows/services/notify.py`).
        silence_seconds: a run that gives no sign of life for so long counts as dead. Runs give one every 30 s, which
            Prefect does not let be less.
        mlflow_allowed_hosts: names under which browsers and workers may call MLflow, with their ports.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    host: Address = "127.0.0.1"
    postgres_port: Port = 5442
    postgres_password: str = Field(pattern=_PASSWORD)
    s3_port: Port = 9000
    s3_access_key: str = Field(pattern=_PASSWORD)
    s3_secret_key: str = Field(pattern=_PASSWORD)
    bucket: str = Field("selfloop", pattern=_BUCKET)
    prefect_port: Port = 4200
    mlflow_port: Port = 5000
    mlflow_workers: int = Field(2, ge=1)
    mlflow_allowed_hosts: str = "localhost,localhost:*,127.0.0.1,127.0.0.1:*,mlflow,mlflow:*"
    worker_port: Port = 8790
    gpu_worker_port: Port = 8791
    notify: str = ""
    silence_seconds: int = Field(100, ge=LEAST_SILENCE_SECONDS)


SECRETS = ("postgres_password", "s3_access_key", "s3_secret_key")


def variable(field: str) -> str:
    """The variable that sets a field."""
    return f"{PREFIX}{field.upper()}"


def load_settings(env_file: Path) -> StackSettings:
    """Read a `.env` file.

    Raises:
        StackError: the file is missing, a password is not set, or a name or value is not valid.
    """
    if not env_file.is_file():
        raise StackError(
            f"there is no settings file {env_file}", "copy .env.example to .env and write passwords into it"
        )
    known = {variable(field) for field in StackSettings.model_fields}
    if unknown := sorted(name for name in dotenv_values(env_file) if name.startswith(PREFIX) and name not in known):
        raise StackError(f"{env_file}: {unknown[0]} is not a setting", f"settings are: {', '.join(sorted(known))}")
    try:
        return StackSettings(_env_file=env_file)
    except ValidationError as error:
        first = error.errors()[0]
        name = variable(str(first["loc"][0]))
        if str(first["loc"][0]) in SECRETS:
            raise StackError(
                f"{env_file}: {name} is not set, or not a usable password",
                "write 8 or more letters, digits, '_' or '-', for example from: openssl rand -hex 16",
            ) from None  # the value is a password
        raise StackError(
            f"{env_file}: {name} cannot be {first['input']!r}: {first['msg']}", f"correct {name}"
        ) from None


def create_env_file(env_file: Path) -> bool:
    """Write a settings file with fresh passwords, readable by its owner alone; False if there is one already."""
    lines = ["# Settings of the stack; .env.example says what else can be set. Keep this file out of version control."]
    lines += [f"{variable(field)}={secrets.token_hex(16)}" for field in SECRETS]
    try:
        handle = os.open(env_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return True
