"""What every store promises (`infra/store/base.py`), for a folder, moto and rclone alike."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.base import Store

LARGE = bytes(range(256)) * (12 << 12)  # 12 MiB: three parts on S3


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def store_file(store: Store, key: str, content: bytes, folder: Path) -> str:
    source = folder / "source"
    source.write_bytes(content)
    store.put_file(key, source, sha256(content))
    return sha256(content)


def test_a_small_object_reads_back_as_it_was_put(store: Store) -> None:
    store.put("a/b.json", b"one")
    assert store.read("a/b.json") == b"one"
    store.put("a/b.json", b"two")
    assert store.read("a/b.json") == b"two"


def test_an_object_that_is_not_there_reads_as_none(store: Store) -> None:
    store.put("a/b", b"x")
    assert [store.read(key) for key in ("c", "a/c", "a", "a/b/c")] == [None, None, None, None]


def test_put_new_creates_once(store: Store) -> None:
    assert store.put_new("lease", b"mine")
    assert not store.put_new("lease", b"yours")
    assert not store.put_new("lease", b"mine")
    assert store.read("lease") == b"mine"


def test_put_new_works_again_after_delete(store: Store) -> None:
    store.put("k", b"1")
    store.delete("k")
    assert store.put_new("k", b"2")
    assert store.read("k") == b"2"


def test_replace_needs_the_expected_content(store: Store) -> None:
    store.put("k", b"1")
    assert not store.replace("k", b"other", b"2")
    assert store.read("k") == b"1"
    assert store.replace("k", b"1", b"2")
    assert store.read("k") == b"2"
    assert not store.replace("missing", b"1", b"2")
    assert store.read("missing") is None


def test_delete_removes_and_may_be_repeated(store: Store) -> None:
    store.put("a/k", b"1")
    store.delete("a/k")
    store.delete("a/k")
    store.delete("a/k/below")
    assert store.read("a/k") is None


def test_keys_are_sorted_and_start_with_the_prefix(store: Store) -> None:
    for key in ["b/1", "a/2", "a-x", "a.json", "a/1", "ab", "a/sub/deep"]:
        store.put(key, b"")
    assert list(store.keys("")) == ["a-x", "a.json", "a/1", "a/2", "a/sub/deep", "ab", "b/1"]
    assert list(store.keys("a/")) == ["a/1", "a/2", "a/sub/deep"]
    assert list(store.keys("a")) == ["a-x", "a.json", "a/1", "a/2", "a/sub/deep", "ab"]
    assert list(store.keys("a/s")) == ["a/sub/deep"]
    assert list(store.keys("none/")) == []


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "small", "in parts"])
def test_a_file_comes_back_byte_for_byte(store: Store, tmp_path: Path, content: bytes) -> None:
    digest = store_file(store, "data/file.bin", content, tmp_path)
    target = tmp_path / "new/folder/file.bin"
    store.get_file("data/file.bin", target, digest)
    assert target.read_bytes() == content
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_verify_knows_size_and_digest(store: Store, tmp_path: Path) -> None:
    digest = store_file(store, "f", b"12345", tmp_path)
    assert store.verify("f", digest, 5)
    assert not store.verify("f", digest, 6)
    assert not store.verify("f", sha256(b"54321"), 5)
    assert not store.verify("missing", digest, 5)


def test_verify_knows_small_objects_too(store: Store) -> None:
    store.put("k", b"12345")
    assert store.verify("k", sha256(b"12345"), 5)


def test_a_file_that_is_not_what_its_digest_says_is_not_stored(store: Store, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"new")
    with pytest.raises(StoreError, match=r"source has sha256 .* not .* as announced"):
        store.put_file("f", tmp_path / "source", sha256(b"old"))
    assert list(store.keys("")) == []


def test_damage_is_found_on_fetch_and_the_old_file_stays(store: Store, tmp_path: Path) -> None:
    digest = store_file(store, "f", b"12345", tmp_path)
    store.put("f", b"1234X")
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with pytest.raises(StoreError) as caught:
        store.get_file("f", target, digest)
    assert all(part in str(caught.value) for part in ("'f'", store.uri, digest, sha256(b"1234X"), "fix:"))
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["source", "target"]


def test_fetching_a_missing_object_names_it(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'gone/f' is not in the store"):
        store.get_file("gone/f", tmp_path / "target", sha256(b""))
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    "key", ["", "/a", "a//b", "a/", "../a", "a/../b", "./a", "a\\b", "a\nb", "a\0b", ".selfloop/x"]
)
def test_a_key_that_could_leave_the_store_is_refused(store: Store, tmp_path: Path, key: str) -> None:
    (tmp_path / "source").write_bytes(b"")
    for refused in (
        lambda: store.read(key),
        lambda: store.put(key, b""),
        lambda: store.put_new(key, b""),
        lambda: store.replace(key, b"", b""),
        lambda: store.delete(key),
        lambda: store.move(key, "k"),
        lambda: store.move("k", key),
        lambda: store.verify(key, "", 0),
        lambda: store.put_file(key, tmp_path / "source", sha256(b"")),
        lambda: store.get_file(key, tmp_path / "target", sha256(b"")),
    ):
        with pytest.raises(StoreError, match="is no key for the store"):
            refused()


def test_a_prefix_that_could_leave_the_store_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="is no key for the store"):
        list(store.keys("../"))


def test_of_eight_writers_at_once_one_creates(strict_store: Store) -> None:
    for attempt in range(5):
        contents = [b"%d" % number for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            wins = list(pool.map(lambda content, key=f"race/{attempt}": strict_store.put_new(key, content), contents))
        assert wins.count(True) == 1
        assert strict_store.read(f"race/{attempt}") == contents[wins.index(True)]


def test_of_eight_writers_at_once_one_replaces(strict_store: Store) -> None:
    strict_store.put("k", b"old")
    contents = [b"%d" % number for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(lambda content: strict_store.replace("k", b"old", content), contents))
    assert wins.count(True) == 1
    assert strict_store.read("k") == contents[wins.index(True)]


def test_a_moved_object_has_its_new_key_alone(store: Store, tmp_path: Path) -> None:
    digest = store_file(store, "a/f", LARGE, tmp_path)
    store.put("b/g", b"in the way")
    store.move("a/f", "b/g")
    assert list(store.keys("")) == ["b/g"]
    assert store.verify("b/g", digest, len(LARGE))
    store.move("a/f", "c")
    assert list(store.keys("")) == ["b/g"]
