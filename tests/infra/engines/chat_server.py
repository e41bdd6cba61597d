"""A real HTTP server on this machine that speaks just enough of chat completions, and misbehaves on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass
class Reply:
    """What the server sends: a status with headers and text, after a wait."""

    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    announced: int | None = None
    """length that the headers claim, where it is not the text's"""


def answer(body: Body, num: int | None = None, **choice: Any) -> Reply:
    """A good answer: the last message's text in capitals, `n` or `num` times."""
    count = body.get("n", 1) if num is None else num
    text = body["messages"][-1]["content"].upper()
    choices = [
        {"index": index, "message": {"role": "assistant", "content": f"{text}{index}"}, "finish_reason": "stop"}
        | choice
        for index in range(count)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 4 * count, "total_tokens": 10 + 4 * count}
    return Reply(text=json.dumps({"id": "x", "object": "chat.completion", "choices": choices, "usage": usage}))


@dataclass
class ChatServer:
    """What was asked, and how it is answered."""

    url: str = ""
    respond: Callable[[Body], Reply] = answer
    bodies: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    num_open: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, reply: Reply, times: int | None = None) -> None:
        """Send this reply `times` times (None: for ever) for one and the same request, then good answers."""
        seen: dict[str, int] = {}

        def respond(body: Body) -> Reply:
            name = body["messages"][-1]["content"]
            with self.lock:
                seen[name] = seen.get(name, 0) + 1
                is_bad = times is None or seen[name] <= times
            return reply if is_bad else answer(body)

        self.respond = respond


@contextmanager
def serving() -> Iterator[ChatServer]:
    """An open server; its thread ends with the block."""
    server = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                server.times.append(time.monotonic())
                server.bodies.append(body)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.num_open += 1
                server.most_open = max(server.most_open, server.num_open)
            reply = server.respond(body)
            time.sleep(reply.wait_seconds)
            with server.lock:
                server.num_open -= 1
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            content = reply.text.encode()
            try:
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(reply.announced or len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client gave up waiting, as some tests want
            if reply.announced is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
