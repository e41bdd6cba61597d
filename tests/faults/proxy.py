"""A proxy in front of a real S3 server that answers wrongly, late, in part or not at all, by a seed.

The dice are thrown once a request; `mode` overrides them. Nothing of the store is replaced: boto3 talks HTTP to it.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

FAULTS = {"error": 0.06, "unavailable": 0.04, "drop": 0.03, "lose": 0.04, "cut": 0.04, "delay": 0.04}
"""chance of each fault of a request: a 500, a 503, hung up before the server saw it or after, half an answer, late"""
ERROR = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
ANSWERS = {
    "error": (500, "InternalError"),
    "unavailable": (503, "SlowDown"),
    "expired": (400, "ExpiredToken"),
    "skewed": (403, "RequestTimeTooSkewed"),
}
HOP_HEADERS = ("connection", "keep-alive", "transfer-encoding", "expect")


class FaultyProxy:
    """A context manager. `address` is where clients connect; `mode` may be changed at any time, and so may the answers
    to writes with a condition, `refused_conditions`, and to all writes once one of those was refused, `refused_writes`.

    Args:
        upstream: address of the real server.
        seed: of the dice.
        faults: chance of each fault.
        delay_seconds: how late a late answer is.
        body_bytes_per_second: how fast requests are passed on; None for as fast as they come.
    """

    def __init__(
        self,
        upstream: str,
        seed: int = 0,
        faults: Mapping[str, float] = FAULTS,
        delay_seconds: float = 0.3,
        body_bytes_per_second: float | None = None,
    ) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.faults = dict(faults)
        self.delay_seconds = delay_seconds
        self.body_bytes_per_second = body_bytes_per_second
        self.mode: str | None = None
        self.refused_conditions: tuple[int, str] | None = None
        self.refused_writes: tuple[int, str] | None = None
        self.counts: Counter[str] = Counter()
        self.num_requests = 0
        self.expire_after: int | None = None
        self.open_puts = threading.Event()
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def draw(self) -> str:
        """What happens to the next request."""
        with self._lock:
            self.num_requests += 1
            if self.expire_after is not None and self.num_requests > self.expire_after:
                self.mode = "expired"
            fate, left = self.mode or "pass", self._dice.random()
            for fault, chance in self.faults.items() if self.mode is None else ():
                left -= chance
                if left < 0:
                    fate = fault
                    break
            self.counts[fate] += 1
            return fate


def _handler_of(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            fate = proxy.draw()
            body = self._read_body()
            if fate in ("drop", "stall"):
                if fate == "stall":
                    time.sleep(60)
                return self._hang_up()
            if fate in ANSWERS:
                return self._answer_error(*ANSWERS[fate])
            if self.command == "PUT" and (refusal := self._refusal()) is not None:
                return self._answer_error(*refusal)
            if fate == "delay":
                time.sleep(proxy.delay_seconds)
            status, reason, headers, content = self._ask(body)
            if fate == "lose":
                return self._hang_up()
            self._answer(status, reason, headers, content, fate == "cut")

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

        def _refusal(self) -> tuple[int, str] | None:
            if self.headers.get("If-None-Match") or self.headers.get("If-Match"):
                proxy.counts["condition"] += 1
                return proxy.refused_conditions
            return proxy.refused_writes if proxy.counts["condition"] else None

        def _read_body(self) -> bytes:
            left, parts = int(self.headers.get("Content-Length") or 0), []
            if proxy.body_bytes_per_second and left:
                proxy.open_puts.set()
            while left and (part := self.rfile.read(min(left, 1 << 16))):
                left -= len(part)
                parts.append(part)
                if proxy.body_bytes_per_second:
                    time.sleep(len(part) / proxy.body_bytes_per_second)
            return b"".join(parts)

        def _ask(self, body: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(proxy.upstream, timeout=60)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_HEADERS:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
            headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP_HEADERS]
            connection.close()
            return answer.status, answer.reason, headers, content

        def _answer(
            self, status: int, reason: str, headers: list[tuple[str, str]], content: bytes, is_cut: bool
        ) -> None:
            self.send_response_only(status, reason)
            for name, value in headers:
                if not (name.lower() == "content-length" and self.command != "HEAD"):
                    self.send_header(name, value)
            if self.command != "HEAD" and status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            if is_cut:
                self._hang_up()

        def _answer_error(self, status: int, code: str) -> None:
            content = b"" if self.command == "HEAD" else ERROR.format(code=code).encode()
            self._answer(status, code, [("Content-Type", "application/xml")], content, False)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # a client that went away
                self.close_connection = True

    return Handler
