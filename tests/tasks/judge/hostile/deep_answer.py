# ruff: noqa: SIM105
"""Gives back a list in a list in a list, and writes one by hand that no encoder would write."""

import os

content = b"t2\nT" + b"l1\n" * 100000 + b"N"
for descriptor in range(3, 64):
    try:
        os.write(descriptor, len(content).to_bytes(8, "big") + content)
    except OSError:
        pass


def add(a, b):
    return None
