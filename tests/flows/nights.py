"""What nights on the native stack are watched and broken with: a webhook's receiver, runs in order, and kills."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import psutil

from infra.deploy.processes import Notes
from tests.flows.deployed import Deployment
from tests.flows.stack import Stack
from tests.flows.test_stack_run import wait_for
from tests.processes import that

SILENCE_SECONDS = 65
"""after which a stack takes a run to be dead: as few as can be set"""


class Receiver:
    """A webhook on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        received: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.received = received
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextmanager
def silent_webhook() -> Iterator[str]:
    """An address that takes connections, and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


@contextmanager
def people_told(stack: Stack, *further: str) -> Iterator[Receiver]:
    """What the stack tells people of; beside it further addresses."""
    made = Receiver()
    done = stack.run("bootstrap", **stack.env, SELFLOOP_NOTIFY=" ".join((made.url, *further)))
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    made.server.shutdown()
    done = stack.run("bootstrap", **stack.env, SELFLOOP_NOTIFY="none")
    assert done.stdout.count("removed") == 1 + len(further), done.stdout + done.stderr


def runs_of(stack: Stack, deployment_id: str) -> list[dict[str, Any]]:
    """All runs of a deployment, oldest first."""
    asked = {"deployments": {"id": {"any_": [deployment_id]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return list(stack.api("POST", "/flow_runs/filter", **asked))


def nth_run(stack: Stack, deployment: Deployment, number: int) -> str:
    """Id of a run of a deployment, from 0, as soon as there is one."""
    wait_for(lambda: len(runs_of(stack, deployment.id)) > number)
    return str(runs_of(stack, deployment.id)[number]["id"])


def worker_and_runs(stack: Stack) -> list[psutil.Process]:
    """The worker and all that it started, flows first and their engines with them."""
    worker = psutil.Process(Notes(stack.home / "stack/running").read()["worker"].pid)
    return [*worker.children(recursive=True), worker]


def flows(stack: Stack) -> list[psutil.Process]:
    """Processes of runs, without the worker and their engines."""
    return that(lambda process: "prefect.engine" in " ".join(process.cmdline()), worker_and_runs(stack))


def engines(stack: Stack, program: str) -> list[psutil.Process]:
    """Processes of an engine program, by its name in `ps`."""
    return that(lambda process: process.name() == program, worker_and_runs(stack))


def kill(processes: list[psutil.Process]) -> bool:
    """SIGKILL; whether there was anything to kill."""
    alive = [one for one in processes if one.is_running()]
    for process in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    return bool(alive)
