"""A Postgres of our own from the system's package: its programs, its account, its data folder, its databases."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from infra.deploy.processes import identity_of
from infra.deploy.service import Service
from infra.deploy.settings import StackError

PACKAGES = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
DATABASES = Path(__file__).with_name("databases.sql")
READY_SECONDS = 60.0
INSTALL = "apt-get install -y postgresql (Debian, Ubuntu), or put Postgres' bin folder on PATH"


def find_postgres(data: Path, packages: Path = PACKAGES) -> Path:
    """The `postgres` program: of the version that made the data folder, else the newest one installed.

    Args:
        packages: where the system's packages lie, a folder a version.

    Raises:
        StackError: there is none.
    """
    made_by = data / "PG_VERSION"
    version = made_by.read_text().strip() if made_by.is_file() else "*"
    found = sorted(packages.glob(f"{version}/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1]
    on_path = shutil.which("postgres")
    if on_path is None:
        wanted = "Postgres" if version == "*" else f"Postgres {version}, which made {data},"
        raise StackError(f"{wanted} is not installed", INSTALL)
    return Path(on_path)


def account() -> str | None:
    """The account Postgres has to run as: it refuses root.

    Raises:
        StackError: we are root and the package's account is missing.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise StackError(f"Postgres does not run as root, and there is no account {ACCOUNT!r}", INSTALL) from None
    return ACCOUNT


def make_cluster(service: Service) -> None:
    """Make the data folder where there is none, as the image's entry point does in a container.

    Raises:
        StackError: the account cannot reach the folder, or initdb failed.
    """
    environment = service.server.environment
    data = Path(environment["PGDATA"])
    if (data / "PG_VERSION").is_file():
        return
    user = account()
    unfinished = data.with_name(f"{data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    if user:
        shutil.chown(unfinished, user, user)
        _check_reachable(unfinished, user)
    with tempfile.NamedTemporaryFile("w", dir=unfinished.parent) as password:
        password.write(environment["POSTGRES_PASSWORD"])
        password.flush()
        if user:
            shutil.chown(password.name, user, user)
        initdb = str(Path(service.server.command[0]).with_name("initdb"))
        options = ["-D", str(unfinished), "-U", environment["POSTGRES_USER"], f"--pwfile={password.name}"]
        done = _run([initdb, *options, *environment["POSTGRES_INITDB_ARGS"].split()], user)
    if done.returncode != 0:
        raise StackError(f"initdb failed: {done.stderr.strip()}", f"see that {data.parent} is on a disk with room")
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
        # The package's socket folder belongs to the package's own server.
        file.write("\nunix_socket_directories = ''\n")
    unfinished.rename(data)


def remove_stale_lock(data: Path) -> None:
    """Remove the lock file of a server that was killed, once nothing of it lives; the caller has seen to that.

    Postgres does so by itself unless its old process is still in the process table, where a container without an init
    leaves it for good.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if identity_of(pid) is None:
        lock.unlink()


def make_databases(service: Service) -> None:
    """Create the databases that are missing, once the server takes connections.

    Raises:
        StackError: the server refuses.
    """
    environment, command = service.server.environment, service.server.command
    host, port = command[command.index("-h") + 1], command[command.index("-p") + 1]
    target = ["-h", host, "-p", port, "-U", environment["POSTGRES_USER"], "-d", "postgres"]
    psql = [str(Path(command[0]).with_name("psql")), *target, "-v", "ON_ERROR_STOP=1", "-q", "-f", str(DATABASES)]
    login = {"PGPASSWORD": environment["POSTGRES_PASSWORD"], "PATH": os.environ.get("PATH", os.defpath)}
    deadline = time.monotonic() + READY_SECONDS
    while (done := _run(psql, None, login)).returncode != 0:
        if "password authentication failed" in done.stderr:
            raise StackError(
                "Postgres' data was made with another STACK_POSTGRES_PASSWORD",
                f"write the old password back, or remove {environment['PGDATA']} with all it holds",
            )
        if not re.search("starting up|Connection refused", done.stderr) or time.monotonic() > deadline:
            raise StackError(f"Postgres made no databases: {done.stderr.strip()}", "see its log under stack/logs")
        time.sleep(0.2)


def _check_reachable(folder: Path, user: str) -> None:
    if _run(["test", "-w", str(folder)], user).returncode != 0:
        raise StackError(
            f"the account {user!r} of Postgres cannot reach {folder}",
            "set SELFLOOP_HOME to a folder that others may enter (chmod o+x on its parents), or do not run as root",
        )


def _run(
    command: list[str], user: str | None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd="/",
        env=environment,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
