"""Values on disk: in order, by number, by key, and gone with the object."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from configs.errors import ProblemsError
from tasks.sample.problems.spool import Spool

MANY = 20_000


def test_values_are_a_sequence() -> None:
    spool = Spool(["a", ("b", 2), None])
    spool.add("d")
    assert list(spool) == ["a", ("b", 2), None, "d"] and len(spool) == 4
    assert (spool[1], spool[-1], spool[1:3], spool[::-1]) == (
        ("b", 2),
        "d",
        [("b", 2), None],
        ["d", None, ("b", 2), "a"],
    )
    for number in (4, -5):
        with pytest.raises(IndexError, match=f"{number} of 4 values"):
            spool[number]
    assert not Spool() and list(Spool()) == []


def test_the_first_of_equal_keys_is_found() -> None:
    spool = Spool(["Ab", "bb", "aa"], first=lambda text: text[0].lower(), whole=str)
    assert [spool.find("first", key) for key in "abc"] == [0, 1, None]
    assert spool.find("whole", "aa") == 2 and list(spool.keys_of("first")) == ["a", "b", "a"]


def test_two_readers_do_not_disturb_each_other() -> None:
    spool = Spool(range(9))
    assert list(zip(spool, spool, strict=True)) == [(number, number) for number in range(9)]


def test_what_is_large_lies_in_a_file_that_is_gone_with_the_spool() -> None:
    def held() -> list[str]:
        """Files that this process has open and that have no name any more."""
        found = []
        for number in os.listdir("/proc/self/fd"):
            path = Path("/proc/self/fd") / number
            if path.is_symlink() and os.readlink(path).endswith("(deleted)") and path.stat().st_size > MANY:
                found.append(number)
        return found

    before = len(held())
    spool = Spool(f"{number} {'x' * 200}" for number in range(MANY))
    assert len(held()) == before + 1 and spool[MANY - 1].startswith(f"{MANY - 1} x")
    del spool
    gc.collect()
    assert len(held()) == before


def test_a_full_disk_is_told_with_another_folder() -> None:
    spool = Spool(["a"])
    spool._database.execute("PRAGMA max_page_count = 8")
    with pytest.raises(ProblemsError, match="temporary folder: database or disk is full") as caught:
        for number in range(MANY):
            spool.add(f"{number} {'x' * 200}")
    assert "SQLITE_TMPDIR" in str(caught.value.fix)
