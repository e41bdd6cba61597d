"""Models on a node: fetched once, whole or not at all, and removed where they are not used and room is needed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from configs.errors import EngineError, StoreError
from infra.cluster.node_cache import GIB_VARIABLE, NodeCache
from infra.cluster.parcel import ModelParcel, ParcelFile, digest_of
from infra.store.files import sha256_of
from infra.store.folder import FolderStore

FILES = {"config.json": "{}", "tokenizer.json": "{}", "templates/chat.jinja": "x"}


class Counting(FolderStore):
    """Counts what is fetched."""

    num_fetched = 0

    def get_file(self, key: str, path: Path, sha256: str) -> None:
        self.num_fetched += 1
        super().get_file(key, path, sha256)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "store")


def parcel(store: FolderStore, folder: Path, weights: str) -> ModelParcel:
    """A model whose weights are these words, published under keys that say nothing of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (name, text) in enumerate({**FILES, "model.safetensors": weights}.items()):
        path = folder / str(number)
        path.write_text(text)
        files.append(ParcelFile(name, f"some/{weights[:2]}/{number}", sha256_of(path), len(text)))
        store.put_file(files[-1].key, path, files[-1].sha256)
    return ModelParcel(tuple(files), settings={"name": "some", "chat_template": "y"})


def test_a_model_is_fetched_once_whoever_asks_for_it(store: Counting, tmp_path: Path) -> None:
    sent = ModelParcel.from_json(parcel(store, tmp_path / "made", "weights").to_json())
    caches = [NodeCache(tmp_path / "models", store) for _ in range(3)]
    found: list[Path] = []

    def fetch(cache: NodeCache) -> None:
        found.append(cache.unpack(sent).weights)

    threads = [threading.Thread(target=fetch, args=(cache,)) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.num_fetched == 4 and set(found) == {tmp_path / "models" / digest_of(sent.weights)}
    model = caches[0].unpack(sent)
    assert (model.name, model.chat_template, model.adapter) == ("some", "y", None)
    assert {path.name: path.read_text() for path in model.weights.rglob("*.j*")} == {
        "config.json": "{}", "tokenizer.json": "{}", "chat.jinja": "x",
    }  # fmt: skip


def test_what_was_broken_off_is_fetched_anew_and_what_is_damaged_is_no_model(store: Counting, tmp_path: Path) -> None:
    sent = parcel(store, tmp_path / "made", "weights")
    growing = tmp_path / "models" / f"{digest_of(sent.weights)}.part"
    growing.mkdir(parents=True)
    (growing / "model.safetensors").write_text("wei")
    (store.root / sent.weights[0].key).write_text("[]")
    cache = NodeCache(tmp_path / "models", store)
    with pytest.raises(StoreError, match="is damaged"):
        cache.unpack(sent)
    assert not growing.with_suffix("").exists()
    again = parcel(store, tmp_path / "made", "weights")
    assert (cache.unpack(again).weights / "model.safetensors").read_text() == "weights"
    assert not growing.exists()


def test_what_was_not_used_for_longest_makes_room_and_what_is_used_stays(
    store: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIB_VARIABLE, str(60 / 2**30))  # two of them, of 25 bytes each
    sent = [parcel(store, tmp_path / text, text * 10) for text in ("aa", "bb", "cc", "dd")]
    held, other = (NodeCache(tmp_path / "models", store) for _ in range(2))
    places = [held.unpack(sent[0]).weights]
    for one in sent[1:3]:
        places.append(other.unpack(one).weights)
        other.close()
    assert [path.exists() for path in places] == [True, False, True], "the oldest is in use"
    held.close()
    other.unpack(sent[3])
    assert [path.exists() for path in places] == [False, False, True]
    monkeypatch.setenv(GIB_VARIABLE, "much")
    with pytest.raises(EngineError, match="SELFLOOP_NODE_CACHE_GIB=much is no number"):
        held.unpack(sent[1])
