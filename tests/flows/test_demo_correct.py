"""`make demo-correct` made small: rounds on checks by rule, then one on its own, and the table that is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.core.records import Example, Sample, spell
from tests.flows.micro import selfloop, write_recipe
from tests.flows.recipe_checks import Run
from tests.flows.world import RECIPES
from tests.tasks.gym import needs_gym

pytestmark = [pytest.mark.slow, pytest.mark.nightly, needs_gym]


def small_recipe() -> dict[str, Any]:
    """Three digits, whose four sums of signs a small model can guess; verdicts of such a model are worth nothing, so
    that the last round keeps what they happen to say truly."""
    tree: dict[str, Any] = yaml.safe_load((RECIPES / "demo_correct.yaml").read_text())
    tree["model"] |= {"hidden_size": 48, "intermediate_size": 96, "num_layers": 2, "max_length": 96}
    for name, number in {"train": 60, "select": 8, "report": 24}.items():
        tree["problems"][name] |= {"num_problems": number}
    for source in (*tree["problems"].values(), tree["warm_start"]["source"]):
        source["difficulty"] |= {"min_numbers": 3, "max_numbers": 3, "max_value": 4, "max_target": 12}
    tree["warm_start"]["source"]["num_problems"] = 120
    tree["warm_start"] |= {"epochs": 20, "batch_size": 16, "learning_rate": 4e-3}
    tree["train"] |= {"epochs": 12, "batch_size": 16, "learning_rate": 3e-3}
    tree["evaluate"]["revise"]["resample"] = {"num_samples": 4}
    tree["phases"][0]["rounds"] = 1
    tree["rounds"]["max"] = 2
    return tree


def test_the_demo_prints_its_flow_table_and_publishes_its_model(tmp_path: Path, prefect_url: str) -> None:
    recipe = small_recipe()
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, timeout=600, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    run = Run(tmp_path, recipe["name"])
    for number in (0, 1, 2):
        metrics = run.entry(number)["report"]["metrics"]
        row = [f"{100 * metrics[f'report_revise_accuracy_t{turn}']:.1f}" for turn in (1, 2, 3)]
        assert [str(number), *row] in [line.split()[:1] + line.split()[1:7:2] for line in done.stdout.splitlines()]
    assert "right called right" in done.stdout and "self-correction, round 2, report: " in done.stdout
    for example in run.rows(1, "select", "examples.parquet", Example):
        _check_row(example)
    assert any(row.completion[0].weight == 0 for row in run.rows(1, "select", "examples.parquet", Example))
    _spoke_alone(run)
    out = tmp_path / "model"
    exported = selfloop("export", recipe["name"], "--to", out, cwd=tmp_path, timeout=600, PREFECT_API_URL=prefect_url)
    assert exported.returncode == 0, exported.stderr
    assert (out / "config.json").is_file() and json.loads((out / "config.json").read_text())["hidden_size"] == 48


def _spoke_alone(run: Run) -> None:
    """In the last round one model wrote attempts, checks and repairs: the session that had evaluated it was still open,
    and the candidate was loaded once, for its own chains and all that they are compared with."""
    metrics = run.entry(2)["report"]["metrics"]
    assert (metrics["generator_loads"], metrics["trainer_loads"]) == (1, 1)
    texts = run.rows(2, "generate", "shard-*.parquet", Sample)
    assert {(one.part, one.by) for one in texts} == {("attempt", "policy"), ("verdict", "policy")}
    assert max(one.id.count("verdict") for one in texts) == 2, "two revisions"
    assert len({one.model for one in texts}) == 1


def _check_row(row: Example) -> None:
    """A right answer, its check, `yes`; or a wrong one without loss, its check, `no`, and a right one."""
    lines = spell(row.completion).split("\n")
    if lines[1].endswith(" yes"):
        assert len(lines) == 2 and all(span.weight for span in row.completion)
    else:
        assert lines[1].endswith(" no") and len(lines) == 3
        assert [span.text for span in row.completion if not span.weight] == [lines[0]]
