"""A moto S3 server, which enforces conditional writes.

In a process of its own: servers inside one process share their buckets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, served

START_SECONDS = 120.0


@contextmanager
def moto_server(folder: Path) -> Iterator[str]:
    """Run a server without buckets, with its log in `folder`; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"
    with served(command, f"{address}/moto-api/", folder / "moto.log", cwd=folder, seconds=START_SECONDS):
        yield address
