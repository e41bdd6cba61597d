"""Debian's Chromium without a window: what a page shows once its scripts have run."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from html import unescape
from pathlib import Path

import pytest

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
SETTLE_MILLISECONDS = 15_000


def find_chromium() -> str:
    """The program; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium to look at pages with: apt-get install chromium")
    return found


def read_page(url: str, *words: str, seconds: float = 120) -> str:
    """The text of a page; it is opened again until it holds every word, or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        dom = browse(url, "--dump-dom").stdout.decode(errors="replace")
        body = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", dom)
        text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))
        if all(word in text for word in words) or time.monotonic() > deadline:
            return text


def take_picture(url: str, path: Path, size: tuple[int, int] = (1400, 900)) -> None:
    """Write what the page looks like as PNG."""
    browse(url, f"--screenshot={path}", f"--window-size={size[0]},{size[1]}")


def browse(url: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        command = [
            find_chromium(),
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--virtual-time-budget={SETTLE_MILLISECONDS}",
        ]
        return subprocess.run([*command, *options, url], capture_output=True, timeout=180, check=True)
