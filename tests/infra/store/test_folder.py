"""What can go wrong in a folder: full disk, no right to write, killed writers."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.folder import FolderStore

DIGEST = hashlib.sha256(bytes(3 << 20)).hexdigest()

# Stores 3 MiB by each method that writes, in a store that has less room, and says what came of it.
FILL = f"""
import sys
from pathlib import Path
from configs.errors import StoreError
from infra.store.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
store.put("kept", b"old")
content = bytes(3 << 20)
for write in (
    lambda: store.put("kept", content),
    lambda: store.put_new("new", content),
    lambda: store.replace("kept", b"old", content),
    lambda: store.put_file("a/file", Path(sys.argv[2]), "{DIGEST}"),
):
    try:
        write()
    except StoreError as error:
        print(error)
assert store.read("kept") == b"old"
print(sorted(path.name for path in store.root.rglob("*") if path.is_file()))
"""


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(3 << 20))
    return path


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def run_apart(mount: str, code: str, *arguments: str) -> str:
    """Run code in a namespace of its own, where mounts need no rights and end with it."""
    apart = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets this user mount nothing")
    return run([*apart, "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", code, *arguments])


@pytest.mark.slow
def test_a_limit_on_file_size_is_named_and_leaves_nothing_behind(tmp_path: Path, large_file: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
    said = run([sys.executable, "-c", limit + FILL, str(tmp_path / "store"), str(large_file)])
    assert said.count("the file is larger than this process may write\n  fix: raise the limit") == 4
    assert said.splitlines()[-1] == "['kept', 'lock']"


@pytest.mark.slow
def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path, large_file: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    said = run_apart(f"mount -t tmpfs -o size=2m none {disk}", FILL, str(disk), str(large_file))
    assert said.count(f"in {disk}: the disk is full\n  fix: free space on the file system of {disk}") == 4
    assert said.splitlines()[-1] == "['kept', 'lock']"


def test_a_store_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(
            StoreError, match=r"cannot open the store .*: a file stands where a folder is needed"
        ) as caught:
            FolderStore(root)
        assert str(tmp_path) in str(caught.value.fix)


def test_a_key_below_an_object_is_refused_and_the_object_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"1")
    with pytest.raises(StoreError, match=r"cannot store 'a/b' in .*: a file stands where a folder is needed"):
        store.put("a/b", b"2")
    assert store.read("a") == b"1"
    assert list((tmp_path / ".selfloop").glob(".tmp-*")) == []


def test_an_object_cannot_take_the_place_of_a_folder(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a/b", b"1")
    for write in (store.put, store.put_new):
        with pytest.raises(StoreError, match="a folder stands where a file is needed"):
            write("a", b"2")


@pytest.mark.slow
def test_a_read_only_store_can_be_read_and_names_why_it_cannot_be_written(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from configs.errors import StoreError
from infra.store.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
print(store.read("k"), list(store.keys("")))
for write in (lambda: store.put("k", b"2"), lambda: store.put_new("l", b"2"), lambda: store.delete("k")):
    try:
        write()
    except StoreError as error:
        print(error)
"""
    FolderStore(tmp_path / "store").put("k", b"1")
    mount = f"mount --bind {tmp_path}/store {tmp_path}/store && mount -o remount,bind,ro {tmp_path}/store"
    said = run_apart(mount, code, str(tmp_path / "store"))
    assert said.startswith("b'1' ['k']")
    assert said.count("the file system is read-only\n  fix: mount it writable") == 3


def test_a_flipped_byte_fails_verification(tmp_path: Path, large_file: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.put_file("f", large_file, DIGEST)
    assert store.verify("f", DIGEST, 3 << 20)
    with (store.root / "f").open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"\x01")
    assert not store.verify("f", DIGEST, 3 << 20)


def test_opening_removes_what_a_killed_writer_left_but_no_live_temporary(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("k", b"1")
    left, live = tmp_path / ".selfloop/.tmp-left", tmp_path / ".selfloop/.tmp-live"
    for path in (left, live):
        path.write_bytes(b"half")
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    assert list(FolderStore(tmp_path).keys("")) == ["k"]
    assert (left.exists(), live.exists()) == (False, True)


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_objects_only(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from infra.store.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    store.put("k", b"%d" % (number % 10) * (1 << 20))
    store.put_new(f"new/{number}", b"%d" % (number % 10) * (1 << 18))
    print(number, flush=True)
"""
    store = FolderStore(tmp_path / "store")
    for delay in (0.0, 0.013, 0.031, 0.07, 0.11):
        command = [sys.executable, "-c", code, str(store.root)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        os.killpg(writer.pid, signal.SIGKILL)
        writer.communicate()
        for key in store.keys(""):
            content = store.read(key)
            assert content is not None
            assert len(content) == (1 << 20 if key == "k" else 1 << 18)
            assert len(set(content)) == 1
        assert store.put_new(f"after/{delay}", b"0" * (1 << 18))  # the dead writer's lock is gone with it
