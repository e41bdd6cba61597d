"""Writes where others would see it; would be right if it could write anywhere but in /tmp and memory."""

import os
import sys


def add(a, b):
    library = os.path.dirname(os.__file__)
    targets = ["SECRET_FOLDER/stolen", "/stolen", "/usr/stolen", "/usr/lib/stolen", "/dev/stolen", "/root/stolen"]
    for path in [*targets, f"{library}/os.py", f"{library}/stolen", sys.executable, "/etc/stolen", "../stolen"]:
        try:
            with open(path, "ab") as file:
                file.write(b"# stolen")
            return a + b
        except OSError:
            pass
    for path in ("SECRET_FOLDER", "/usr/lib", library):
        try:
            os.chmod(path, 0o777)
            return a + b
        except OSError:
            pass
    return None
