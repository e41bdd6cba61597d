"""Leaves a process behind that outlives it, in a session of its own."""

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(10**6)
    os._exit(0)


def add(a, b):
    return None
