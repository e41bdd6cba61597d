"""Waits for ever without using the processor, in a child too."""

import os
import time

if os.fork() == 0:
    os.setsid()
time.sleep(10**6)
