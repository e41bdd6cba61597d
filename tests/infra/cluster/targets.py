"""Functions for the tests of workers on nodes; each says on which node it ran."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from configs.errors import UserError
from infra.cluster.node_cache import FOLDER_VARIABLE

HERE = "the flow's machine"


def where() -> str:
    """The node's folder, by its name."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder).name if folder else HERE


def make_placed(seconds: float = 0.0, unable: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """From an item to its double and the node; `hang`, `leave` and `end the home` are obeyed.

    Args:
        seconds: that an item takes.
        unable: nodes that cannot do it.
    """
    if where() in unable:
        raise UserError(f"there is no sandbox on {where()}")

    def place(item: Any) -> tuple[Any, str]:
        if item == "hang":
            time.sleep(600)
        if item == "leave":
            os._exit(3)
        for above in psutil.Process().parents() if item == "end the home" else ():
            if "PoolHome" in " ".join(above.cmdline()):
                above.kill()
        time.sleep(seconds)
        return item * 2, where()

    return place
