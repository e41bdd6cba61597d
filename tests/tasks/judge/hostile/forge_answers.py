# ruff: noqa: SIM105
"""Answers before it is asked, through the pipe that carries its results: the same wrong answer, and malformed ones."""

import os


def add(a, b):
    for content in (b"t2\nTo0\n", b"t2\nTl999999999999\n", b"", b"o0\n", b"t2\nFi5\n", b"\x00" * 100, b"d1\nl0\nN"):
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, len(content).to_bytes(8, "big") + content)
            except OSError:
                pass
    return None
