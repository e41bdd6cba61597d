"""The node's side of an errand, without a cluster: any work, what it needs, what comes back, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from configs.errors import DeviceMemoryError
from infra.cluster.errand_home import ErrandHome
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting, own_version
from infra.cluster.node_cache import FOLDER_VARIABLE
from infra.cluster.parcel import ParcelFile
from infra.engines.errand import Luggage, OnProgress, Part, Saved, Wanted
from infra.store.folder import FolderStore

FREIGHT = "mine/cluster/errands/step"


@dataclass(frozen=True)
class Joining:
    """Writes two texts one after the other; with `fails` it saves the first, and ends."""

    fails: bool = False
    what: str = "joining"

    def wanted(self, most: int) -> Wanted:
        return Wanted(1, on_gpus=False)

    def elsewhere(self, part: Part | None = None) -> Self:
        return self

    def tries(self) -> list[Self]:
        return [self]

    def on_fewer_devices(self) -> Iterator[Self]:
        return iter(())

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> dict[str, Any]:
        half = work_dir / "half-1/text"
        is_resumed = half.exists()
        if not is_resumed:
            half.parent.mkdir()
            half.write_text(luggage.files["first"].read_text())
        if self.fails:
            raise DeviceMemoryError("too small", "write less")
        assert on_progress is not None
        on_progress({"step": 2})
        (work_dir / "log.txt").write_text("a line\n")
        (work_dir / "log-1.txt").write_text("of another\n")
        (out_dir / "made").mkdir(parents=True)
        second = (luggage.folders["rest"] / "second").read_text()
        (out_dir / "made/text").write_text(half.read_text() + second)
        return {"is_resumed": is_resumed}

    def saved(self, work_dir: Path) -> Saved | None:
        return Saved("half-1", work_dir / "half-1") if (work_dir / "half-1/text").exists() else None


class Slow(Joining):
    """Fails once its half has come back."""

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> dict[str, Any]:
        try:
            return super().do(luggage, work_dir, out_dir, on_progress)
        finally:
            deadline = time.monotonic() + 20
            while not (work_dir.parent / "kept/half-1/text").exists() and time.monotonic() < deadline:
                time.sleep(0.01)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "node"))
    found = FolderStore(tmp_path / "store")
    found.put("word", b"hello")
    return found


def done_by_a_node(
    store: FolderStore, folder: Path, work: Joining, saves: bool = True
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """What a node tells of an errand, and the logs that it sends."""
    folder.mkdir()
    for name, text in (("first", "one "), ("second", "two")):
        (folder / name).write_text(text)
    first, second = Freight(store, FREIGHT).send(folder, [folder / "first", folder / "second"])
    home = ErrandHome()
    home.open(Greeting(own_version(), store.uri, "word", "hello"), {}, True)
    home.send({"kind": "do", "freight": FREIGHT, "models": {}, "folders": {"rest": [asdict(second)]},
               "files": {"first": asdict(first)}})  # fmt: skip
    home.send({"kind": "begin", "work": work, "saves": saves})
    told, logs, end = [], {"log.txt": b""}, None
    while end is None:
        news = home.news()
        told, end = [*told, *news.messages], news.end
        for name, written in {"log.txt": news.log, **news.other_logs}.items():
            logs[name] = logs.get(name, b"") + written
    home.close(True)
    return told, logs


def test_work_of_any_kind_has_what_it_needs_and_its_files_come_back(store: FolderStore, tmp_path: Path) -> None:
    told, logs = done_by_a_node(store, tmp_path / "flow", Joining())
    opened, ready, progress, done = told
    assert (opened["kind"], ready["kind"]) == ("opened", "ready") and ready["port"] > 0
    assert progress == {"kind": "progress", "step": 2}
    assert logs == {"log.txt": b"a line\n", "log-1.txt": b"of another\n"}
    assert (done["kind"], done["answer"]) == ("done", {"is_resumed": False})
    Freight(store, FREIGHT).fetch([ParcelFile(**file) for file in done["files"]], tmp_path / "out")
    assert (tmp_path / "out/made/text").read_text() == "one two"
    assert [path.name for path in (tmp_path / "node/work").iterdir()] == [], "nothing is left on the node"


def test_what_goes_wrong_is_told_as_it_is_and_the_next_node_goes_on(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cluster.keeper.POLL_SECONDS", 0.01)
    (_, _, *saved, error), _ = done_by_a_node(store, tmp_path / "flow", Slow(fails=True))
    assert saved == [{"kind": "saved", "name": "half-1"}]
    assert error == {"kind": "error", "name": "DeviceMemoryError", "message": "too small", "fix": "write less"}
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "other node"))
    (*_, done), _ = done_by_a_node(store, tmp_path / "again", Joining())
    assert done["answer"] == {"is_resumed": True}


def test_a_part_that_is_not_the_first_saves_nothing(store: FolderStore, tmp_path: Path) -> None:
    (*_, ready, error), _ = done_by_a_node(store, tmp_path / "flow", Joining(fails=True), saves=False)
    assert (ready["kind"], error["kind"]) == ("ready", "error")
    assert store.read(f"{FREIGHT}/saved.json") is None


def test_a_node_of_another_version_does_nothing(store: FolderStore) -> None:
    home = ErrandHome()
    home.open(Greeting("0.0.1-abcdefabcdef", store.uri, "word", "hello"), {}, True)
    home.send({"kind": "do", "freight": FREIGHT, "models": {}, "folders": {}, "files": {}})
    home.send({"kind": "begin", "work": Joining(), "saves": True})
    told, end = [], None
    while end is None:
        news = home.news()
        told, end = [*told, *news.messages], news.end
    assert [message["name"] for message in told] == ["EngineError"], "and never done"
    assert list(store.keys(FREIGHT)) == []
