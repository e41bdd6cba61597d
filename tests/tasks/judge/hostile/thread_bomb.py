"""Starts threads until the machine refuses; would be right if it could have a thousand."""

import threading
import time


def add(a, b):
    threads = [threading.Thread(target=time.sleep, args=(60,), daemon=True) for _ in range(1000)]
    for thread in threads:
        thread.start()
    return a + b
