"""Which server is started, how, and where nobody can listen. No server runs here: tests/flows/test_serve.py does."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import EngineError, UserError
from infra.engines.serving.server import COMMANDS, Serving, check_port, find_kind
from infra.process.child import ENGINE_PYTHON_VARIABLE

SERVING = Serving("vllm", Path("/w/abc/mine"), ("mine", "round-2"), "127.0.0.1", 8000, Path("log"), {})


def interpreter(folder: Path, monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """An interpreter that has these packages."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho {' '.join(packages)}\n")
    path.chmod(0o755)
    monkeypatch.setenv(ENGINE_PYTHON_VARIABLE, str(path))


@pytest.mark.parametrize(
    ("packages", "kind"),
    [
        (("vllm", "transformers", "fastapi", "uvicorn"), "vllm"),
        (("transformers", "fastapi", "uvicorn"), "transformers"),
    ],
)
def test_vllm_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: tuple[str, ...], kind: str
) -> None:
    interpreter(tmp_path, monkeypatch, *packages)
    assert find_kind(None) == kind


def test_an_interpreter_without_a_server_is_named_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter(tmp_path, monkeypatch, "transformers")
    with pytest.raises(EngineError, match="cannot run a server") as caught:
        find_kind(None)
    assert "pip install" in (caught.value.fix or "") and str(tmp_path) in caught.value.message
    with pytest.raises(EngineError, match="has no vllm"):
        find_kind("vllm")


def test_a_command_names_the_model_as_requests_do_and_passes_what_the_template_is_told() -> None:
    serving = replace(SERVING, chat_template_kwargs={"enable_thinking": False}, max_length=512, trust_remote_code=True)
    vllm = " ".join(COMMANDS["vllm"](serving, True))
    assert "--model /w/abc/mine --served-model-name mine round-2 --host 127.0.0.1 --port 8000" in vllm
    for words in ("--max-model-len 512", "--enforce-eager", "--trust-remote-code", "--worker-extension-cls"):
        assert words in vllm
    assert vllm.endswith('--default-chat-template-kwargs {"enable_thinking": false}')
    assert "--enforce-eager" not in COMMANDS["vllm"](SERVING, False)
    assert "transformers_program /w/abc/mine" in " ".join(COMMANDS["transformers"](SERVING, True))


def test_addresses_with_colons_stand_in_brackets() -> None:
    assert SERVING.url == "http://127.0.0.1:8000" and replace(SERVING, host="::1").url == "http://[::1]:8000"


def test_a_port_that_is_taken_and_an_address_that_is_none_are_one_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"nobody can listen on 127.0.0.1, port {port}"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    for host, port in (("no.such.host.invalid", 8000), ("127.0.0.1", 70000)):
        with pytest.raises(UserError, match="nobody can listen"):
            check_port(host, port)
