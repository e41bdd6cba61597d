"""Prints without end."""

import sys


def add(a, b):
    while True:
        sys.stdout.write("5" * 2**20)
        sys.stderr.write("5" * 2**20)
