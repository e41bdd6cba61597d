"""The script of the first day with a GPU runs on a CPU, with few samples; its numbers mean nothing there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu_day import PARTS
from benchmarks.gpu_parts import MEASURES
from tests.infra.engines.chatty import build_chat_folder

pytestmark = [pytest.mark.slow(minutes=5), pytest.mark.vllm]


def test_every_part_has_a_figure(tmp_path: Path) -> None:
    assert tuple(MEASURES) == PARTS
    weights = build_chat_folder(tmp_path / "model", hidden_size=64)
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.gpu_day", "--reduced", "--minutes", "20", "--model", str(weights)]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(out.read_text())
    assert tuple(dict.fromkeys(figure["part"] for figure in figures)) == PARTS
    assert all(figure["value"] >= 0 for figure in figures)
    (difference,) = (figure["value"] for figure in figures if "difference" in figure["what"])
    assert difference < 0.02, "choices have the log-probabilities that they had one by one"
