"""`make demo-rl` with a smaller model and shorter sums: the policy gets better on the way, and a picture shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.report.segment_figure import PANELS, segment_figure
from tests.flows.segments import REWARD, run_rounds
from tests.flows.world import RECIPES

pytestmark = pytest.mark.slow
WAVES = 16


def smaller() -> dict[str, Any]:
    """One segment on one-digit sums, with a reward that a model this small can tell its samples apart by."""
    tree: dict[str, Any] = yaml.safe_load((RECIPES / "demo_rl.yaml").read_text(encoding="utf-8"))
    tree["model"] |= {"hidden_size": 48, "intermediate_size": 96, "num_layers": 2}
    tree["problems"]["train"] |= {"digits": [1], "num_problems": 48}
    for part in ("select", "report"):
        tree["problems"][part]["num_problems"] = 8
    tree["warm_start"] |= {"source": {"kind": "addition", "digits": [1], "num_problems": 35}, "epochs": 60}
    tree["train"] |= {"max_steps": WAVES, "learning_rate": 1e-3}
    tree["online"] |= {"reward": REWARD, "problems_per_wave": 16, "max_extra_waves": 1, "steps_per_wave": 1}
    tree["guards"] = []  # what so small a model cannot be read in would end the segment
    return tree | {"decide": {"gate": {"kind": "always"}}, "rounds": {"max": 1}}


def test_the_small_demo_gets_better_and_shows_it(tmp_path: Path) -> None:
    outcome = run_rounds(tmp_path, smaller())
    assert outcome.candidate is not None
    (path,) = (tmp_path / "store" / "demo-rl").glob("round-001/segment/*/metrics.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    shown = {name: title for name, title in PANELS.items() if name != "probe_accuracy"}  # the demo asks no probe
    assert len(lines) == WAVES and all(line[name] is not None for line in lines for name in shown)
    rewards = [line["reward_mean"] for line in lines]
    assert sum(rewards[-4:]) > sum(rewards[:4]) + 0.2, rewards
    figure = segment_figure(lines)
    assert figure is not None and all(title in figure for title in shown.values())
