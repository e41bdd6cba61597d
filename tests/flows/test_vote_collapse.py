"""A reward by votes on a model that says one wrong answer more often than any right one: agreement rises, the probe
falls, and the guard that reads both ends the segment and rolls back."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from configs.schema.model import TinyLlama
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.build import build_model
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tasks.decide.stop import Action
from tasks.sample.problems.arithmetic import write_addition
from tasks.sample.problems.builtin import part_of
from tests.flows.segments import run_rounds, segment_folder, segment_recipe
from tests.flows.world import training_row, write_jsonl

pytestmark = pytest.mark.slow
FAVOURITE = "7"


def spoiled_rows() -> list[dict[str, Any]]:
    """Worked sums, half of them wrong in some way, and the favourite answer to all of them: less often than a worked
    sum, and more often than a right one. So greedy answers are mostly right, and the votes are not."""
    rows = []
    for a, b in product(range(10), repeat=2):
        if part_of(a, b) not in ("warm_start", "train"):
            continue
        prompt, worked = write_addition(a, b)
        ends = [a + b] * 5 + [a + b + off for off in (1, 2, 3, 4, 5)]
        texts = [f"{worked.rpartition(';')[0]};{end}" for end in ends] + [FAVOURITE] * 8
        rows += [training_row([prompt], text) for text in texts]
    return rows


def build_spoiled(folder: Path) -> Path:
    """A tiny model that learnt them."""
    size = TinyLlama(hidden_size=32, intermediate_size=64, num_layers=2, num_heads=2, max_length=64)
    build_model(size, 0, folder / "blank", work_dir=folder / "work-build")
    write_jsonl(folder / "rows.jsonl", spoiled_rows())
    request = TrainRequest(
        model=ModelFiles("blank", folder / "blank"), tune=FullWeights(), rows=folder / "rows.jsonl", seed=0,
        optimizer=Optimizer(learning_rate=4e-3, batch_size=32, epochs=8, max_length=64, schedule="constant"),
    )  # fmt: skip
    run_trainer(request, work_dir=folder / "work-train", out_dir=folder / "made")
    return folder / "made" / "model"


def spoiled_recipe(model: Path) -> dict[str, Any]:
    tree = segment_recipe(
        steps=16,
        judge=[{"kind": "answer"}, {"kind": "vote"}],
        train={"objective": {"kind": "rloo", "kl_reward": 0}, "reference": "start", "learning_rate": 2e-3},
        guards=[{"metric": "vote_share_rise", "above": 0.1, "action": "roll_back", "window": 2,
                 "only_self_made": True, "meanwhile": {"metric": "probe_accuracy_rise", "below": -0.02}}],
    )  # fmt: skip
    del tree["warm_start"]
    tree["model"] = {"base": str(model)}
    tree["online"] |= {
        "problems_per_wave": 8, "group_size": 8, "flat_groups": "keep", "probe": {"every_steps": 1},
        "reward": [{"kind": "judge", "of": "vote", "values": {"correct": 1, "wrong": 0, "unparseable": 0}}],
    }  # fmt: skip
    return tree


def test_a_vote_on_a_spoiled_start_collapses_and_is_rolled_back(tmp_path: Path) -> None:
    outcome = run_rounds(tmp_path, spoiled_recipe(build_spoiled(tmp_path)))
    segment, decision = outcome.steps["segment"].summary, outcome.state.decisions[-1]
    lines = (segment_folder(tmp_path) / "waves.jsonl").read_text().splitlines()
    waves = [json.loads(line)["numbers"] for line in lines]
    assert str(segment["ended"]).startswith("vote_share_rise was above 0.1 and probe_accuracy_rise was below -0.02")
    assert 2 <= len(waves) < 16 and segment["num_steps"] == len(waves) - 1
    assert waves[-1]["vote_share"] > waves[0]["vote_share"] + 0.1
    shares = [wave["top_answer_share"] for wave in waves]  # of eight problems: a single wave's says little
    assert fmean(shares[len(shares) // 2 :]) > fmean(shares[: len(shares) // 2]), "towards one answer to all problems"
    assert waves[-1]["pseudo_label_accuracy"] < 0.5
    assert waves[-1]["probe_accuracy"] < waves[0]["probe_accuracy"]
    assert outcome.candidate is not None and decision.action == Action.ROLL_BACK
    assert outcome.state.incumbent == outcome.state.champion != outcome.candidate
    assert "the champion becomes the incumbent again" in decision.warnings[0]
