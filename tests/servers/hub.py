"""A server of the Hugging Face hub's upload interface: repositories, preupload, large files (LFS), commits, downloads.

It keeps what it gets in memory, checks every large file's digest, and refuses as the hub does: without its token (401),
in another namespace than its own (403), and with a card whose licence it does not know (400).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

TOKEN = "hf_" + "a" * 34
NAMESPACE = "me"
COMMIT = "c" * 40
LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "other")


class Hub(ThreadingHTTPServer):
    """The server, and what it holds.

    Attributes:
        files: by kind/name, the files of a repository by path.
        private: by kind/name.
        large: large files by digest.
        paths: what was asked, in order.
        broken: answers 503 to the next commits, as often as this.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.large: dict[str, bytes] = {}
        self.paths: list[str] = []
        self.broken = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def hub_server() -> Iterator[Hub]:
    """A server that ends with the block."""
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._route(_GETS)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._route(_POSTS)

    def do_PUT(self) -> None:
        self._route(_PUTS)

    def _route(self, routes: dict[str, Any]) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        self.server.paths.append(f"{self.command} {path}")
        if not path.startswith("/lfs/") and self.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "Invalid username or password."})
        for pattern, answer in routes.items():
            if found := re.fullmatch(pattern, path):
                return answer(self, body, *found.groups())
        return self.answer(404, {"error": f"no such path {path}"}, {"X-Error-Code": "RepoNotFound"})

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _create(handler: _Handler, body: bytes) -> None:
    asked = json.loads(body)
    kind, name = asked.get("type", "model"), f"{asked.get('organization') or NAMESPACE}/{asked['name']}"
    hub, key = handler.server, f"{kind}/{name}"
    if not name.startswith(f"{NAMESPACE}/"):
        return handler.answer(403, {"error": "You don't have the rights to create a repo under this namespace"})
    url = f"{hub.address}/{'datasets/' if kind == 'dataset' else ''}{name}"
    if key in hub.files:
        return handler.answer(409, {"error": "You already created this repo", "url": url})
    hub.files[key], hub.private[key] = (
        {".gitattributes": b"*.safetensors filter=lfs\n"},
        asked.get("visibility") == "private",
    )
    return handler.answer(200, {"url": url})


def _info(handler: _Handler, _: bytes, kind: str, name: str, *__: str) -> None:
    files = handler.server.files.get(f"{kind}/{name}")
    if files is None:
        return handler.answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
    siblings = [{"rfilename": path} for path in sorted(files)]
    return handler.answer(200, {"id": name, "sha": COMMIT, "siblings": siblings, "tags": [], "downloads": 0, "likes": 0,
                                "private": handler.server.private[f"{kind}/{name}"]})  # fmt: skip


def _tree(handler: _Handler, _: bytes, kind: str, name: str) -> None:
    files = handler.server.files.get(f"{kind}/{name}", {})
    handler.answer(200, [
        {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        for path, content in sorted(files.items())
    ])  # fmt: skip


def _check_card(handler: _Handler, body: bytes) -> None:
    front = yaml.safe_load(json.loads(body)["content"].split("---")[1])
    if front.get("license") not in LICENCES:
        return handler.answer(400, {"errors": [{"message": f'"license" must be one of [{", ".join(LICENCES)}]'}]})
    return handler.answer(200, {"warnings": [], "errors": []})


def _preupload(handler: _Handler, body: bytes, kind: str, name: str) -> None:
    wanted = json.loads(body)["files"]
    modes = [
        {"path": file["path"], "shouldIgnore": False,
         "uploadMode": "lfs" if file["path"].endswith((".safetensors", ".parquet")) else "regular"}
        for file in wanted
    ]  # fmt: skip
    handler.answer(200, {"files": modes})


def _batch(handler: _Handler, body: bytes, name: str) -> None:
    objects = [
        {**one, "actions": {"upload": {"href": f"{handler.server.address}/lfs/{one['oid']}"}}}
        if one["oid"] not in handler.server.large
        else one
        for one in json.loads(body)["objects"]
    ]
    handler.answer(200, {"transfer": "basic", "objects": objects})


def _store(handler: _Handler, body: bytes, digest: str) -> None:
    assert hashlib.sha256(body).hexdigest() == digest
    handler.server.large[digest] = body
    handler.answer(200, {})


def _commit(handler: _Handler, body: bytes, kind: str, name: str) -> None:
    hub, files = handler.server, dict(handler.server.files[f"{kind}/{name}"])
    if hub.broken:
        hub.broken -= 1
        return handler.answer(503, {"error": "busy"})
    for operation in map(json.loads, body.decode().splitlines()):
        value = operation["value"]
        if operation["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif operation["key"] == "lfsFile":
            files[value["path"]] = hub.large[value["oid"]]
        elif operation["key"] == "deletedFile":
            del files[value["path"]]
    hub.files[f"{kind}/{name}"] = files
    return handler.answer(200, {"commitUrl": f"{hub.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT,
                                "hookOutput": ""})  # fmt: skip


_NAME = r"([^/]+/[^/]+)"
_GETS = {
    rf"/api/(model|dataset)s/{_NAME}(/revision/.+)?": _info,
    rf"/api/(model|dataset)s/{_NAME}/tree/main.*": _tree,
}
_POSTS = {
    "/api/repos/create": _create,
    "/api/validate-yaml": _check_card,
    rf"/api/(model|dataset)s/{_NAME}/preupload/main": _preupload,
    rf"/api/(model|dataset)s/{_NAME}/commit/main": _commit,
    rf"/(?:datasets/)?{_NAME}\.git/info/lfs/objects/batch": _batch,
}
_PUTS = {r"/lfs/([0-9a-f]{64})": _store}
