"""The examples do what they say: a recipe with parts of one's own, smaller here, and a script that reads its store."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.micro import ROOT, selfloop

pytestmark = pytest.mark.slow
SIZES = {
    "problems.train": "{kind: addition, digits: [1], num_problems: 24}",
    "problems.select": "{kind: addition, digits: [1], num_problems: 5}",
    "problems.report": "{kind: addition, digits: [1], num_problems: 5}",
    "warm_start.source": "{kind: addition, digits: [1], num_problems: 24}",
    "warm_start.epochs": "40",
    "warm_start.batch_size": "16",
    "model": "{kind: tiny_llama, hidden_size: 32, intermediate_size: 64, num_layers: 2, num_heads: 2}",
}


def test_a_recipe_with_parts_of_ones_own_and_a_script_that_reads_its_store(tmp_path: Path, prefect_url: str) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    sizes = [item for name, value in SIZES.items() for item in ("--set", f"{name}={value}")]
    done = selfloop("run", "examples/own_parts.yaml", *sizes, cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    store = tmp_path / "home" / "store"
    assert list(store.glob("own-parts/round-001/train_ranker/*/record.json")), "the role was trained"
    shown = subprocess.run(
        [sys.executable, "examples/read_store.py", "own-parts"],
        cwd=tmp_path, env={"SELFLOOP_STORE": str(store)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept, total = map(int, shown.stdout.strip().splitlines()[-1].removeprefix("kept ").split(" of "))
    assert total == 4 * 24 and 0 < kept <= 2 * 24, "the filter keeps two samples of a problem at most"
