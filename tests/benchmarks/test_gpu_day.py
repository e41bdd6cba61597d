"""The script of the first day with a GPU runs on a CPU, with few samples; its numbers mean nothing there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu_day import PARTS
from benchmarks.gpu_parts import MEASURES
from tests.infra.engines.chatty import build_chat_folder

pytestmark = pytest.mark.slow(minutes=2)


def test_parts_of_the_trainer_have_their_figures(tmp_path: Path) -> None:
    figures = measured(tmp_path, "training", "merge")
    assert all(figure["value"] > 0 for figure in figures)


@pytest.mark.nightly
@pytest.mark.vllm
def test_every_part_has_a_figure(tmp_path: Path) -> None:
    assert tuple(MEASURES) == PARTS
    figures = measured(tmp_path, *PARTS)
    assert all(figure["value"] >= 0 for figure in figures)
    (difference,) = (figure["value"] for figure in figures if "difference" in figure["what"])
    assert difference < 0.02, "choices have the log-probabilities that they had one by one"


def measured(tmp_path: Path, *parts: str) -> list[dict[str, Any]]:
    """Run the script; the parts are there, in their order."""
    weights = build_chat_folder(tmp_path / "model", hidden_size=64)
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.gpu_day", "--reduced", "--minutes", "20", "--model", str(weights)]
    command += ["--parts", *parts, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures: list[dict[str, Any]] = json.loads(out.read_text())
    assert tuple(dict.fromkeys(figure["part"] for figure in figures)) == parts
    return figures
