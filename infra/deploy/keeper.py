"""The program that keeps the native stack up: python -m infra.deploy.keeper ENV_FILE HOME

It is a service like the others (`native.py` starts it last), since what it does must outlive the command that began it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from infra.deploy.native import keep_up


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    keep_up(Path(sys.argv[1]), Path(sys.argv[2]), _say)
