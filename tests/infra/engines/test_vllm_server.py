"""What a vLLM server is asked for, and what is said where it was started without something. The server stands in for
somebody else's program; the real one is asked in `learn/test_beside_server.py`."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from configs.errors import UserError
from infra.engines.generate.vllm_server import VllmServer
from infra.engines.live_weights import LiveWeights


class Server(BaseHTTPRequestHandler):
    """Answers what `answers` says, by path; everything else with 404, as vLLM does for routes that it was not asked to
    have. `asked` has what it was sent."""

    answers: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": "base", "object": "model", "max_model_len": 64}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        self.asked.append((self.path, body))
        self._answer(self.answers.get(self.path))

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, told: Any) -> None:
        content = json.dumps({"detail": "Not Found"} if told is None else told).encode()
        self.send_response(404 if told is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def url() -> Iterator[str]:
    Server.answers, Server.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def weights(folder: Path, number: int, kind: str) -> LiveWeights:
    (folder / f"{number}" / kind).mkdir(parents=True)
    return LiveWeights(number, folder / f"{number}")


@pytest.mark.parametrize(
    ("rank", "kind", "needed"),
    [
        (8, "adapter", "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 vllm serve FOLDER --generation-config vllm --enable-lora "
         "--max-loras 2 --max-lora-rank 8"),
        (0, "model", "VLLM_SERVER_DEV_MODE=1 vllm serve FOLDER --generation-config vllm"),
    ],
)  # fmt: skip
def test_what_a_server_was_started_without_is_said(url: str, tmp_path: Path, rank: int, kind: str, needed: str) -> None:
    server = VllmServer(url, "FOLDER", rank, timeout=5)
    with pytest.raises(UserError, match="with 404") as caught:
        server.follow(weights(tmp_path, 0, kind))
    assert (caught.value.fix or "").endswith(needed)


def test_an_adapter_has_a_name_that_no_run_had_before_it(url: str, tmp_path: Path) -> None:
    Server.answers = {"/v1/load_lora_adapter": "Success", "/v1/unload_lora_adapter": "Success"}
    names = []
    for _ in range(2):  # two runs of one experiment
        server = VllmServer(url, "FOLDER", 8, timeout=5)
        for number in (0, 1):
            server.follow(LiveWeights(number, tmp_path))
        loaded = [body["lora_name"] for path, body in Server.asked if path == "/v1/load_lora_adapter"]
        (gone,) = [body["lora_name"] for path, body in Server.asked if path == "/v1/unload_lora_adapter"]
        assert [name.rpartition("-")[0] for name in loaded] == ["wave-0", "wave-1"] and gone == loaded[0]
        names += loaded
        Server.asked.clear()
    assert len(set(names)) == 4


def test_whole_weights_are_reloaded_and_what_was_computed_before_is_forgotten(url: str, tmp_path: Path) -> None:
    Server.answers = {"/collective_rpc": {"results": [None]}, "/reset_prefix_cache": {"success": True}}
    own = weights(tmp_path, 3, "model")
    VllmServer(url, "FOLDER", 0, timeout=5).follow(own)
    told = {"method": "reload_weights", "kwargs": {"weights_path": str(own.folder / "model")}}
    assert Server.asked == [("/collective_rpc", told), ("/reset_prefix_cache", {})]
    Server.answers["/reset_prefix_cache"] = {"success": False}
    with pytest.raises(UserError, match="other requests are under way"):
        VllmServer(url, "FOLDER", 0, timeout=5).follow(own)
