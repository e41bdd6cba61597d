"""Program: imports the modules of pools' functions once, and forks template processes that find them imported.

Started by `template_forks.py`. It ends as `zygote.py` does, as soon as its parent is gone; its templates end with it.
It runs nothing but imports: what is made of a module is made in the template.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import NoReturn

from infra.sandbox import zygote


@dataclass(frozen=True)
class Birth:
    """What a template is born with, beside two descriptors: its control connection, and its standard error.

    Attributes:
        modules: imported first, and once for all templates.
    """

    modules: tuple[str, ...]
    path: list[str]
    environment: dict[str, str]
    folder: str


def main(control_descriptor: int) -> None:
    """Serve one parent until it is gone."""
    parent_id = os.getppid()
    control = Connection(control_descriptor)
    with contextlib.suppress(EOFError, OSError):
        while zygote.has_request(control, parent_id):
            verb, given = control.recv()
            # Of "bury" the template is dead, and nobody needs its id any more.
            control.send(_fork(control, given) if verb == "fork" else os.waitpid(given, 0))


def _fork(control: Connection, birth: Birth) -> int:
    descriptor, errors = recv_handle(control), recv_handle(control)
    if new := [module for module in birth.modules if module not in sys.modules]:
        for module in new:
            with contextlib.suppress(Exception):  # the template says it better
                importlib.import_module(module)
        gc.collect()
        gc.freeze()  # forks share these pages
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_template(birth, descriptor, errors)
    os.close(descriptor)
    os.close(errors)
    return pid


def _become_template(birth: Birth, descriptor: int, errors: int) -> NoReturn:
    try:
        os.setsid()
        for stream in (1, 2):
            os.dup2(errors, stream)
        os.close(errors)
        os.chdir(birth.folder)
        os.environ.clear()
        os.environ.update(birth.environment)
        sys.path[:] = birth.path
        zygote.main(descriptor)
        sys.stdout.flush()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
