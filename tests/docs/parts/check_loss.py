"""The loss `margin_hinge`, in a project to which docs/parts/loss.md has added it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from infra.engines.models.model_files import ModelFiles
from infra.engines.train.objectives.pairs import PairBatch
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.trainer import run_trainer
from tests.build.records import make_recipe
from tests.infra.engines.test_preference_training import make_request, write_rows
from tests.infra.engines.tiny import build_tiny_folder

SETTINGS = make_recipe(
    pair={"kind": "right_vs_wrong"},
    select=[{"kind": "judged"}],
    train={"objective": {"kind": "margin_hinge", "beta": 0.5, "margin": 2.0}},
).train.objective


def test_the_loss_by_hand() -> None:
    """h = (-1 + 3) - (-4 + 4) = 2, 0.5 h = 1 of a margin of 2, times weight 3; h = 8 is more than enough."""
    numbers = [[-1.0, -1.0], [-4.0, -9.0], [-3.0, -4.0], [-4.0, -4.0], [5.0, 5.0], [3.0, 3.0]]
    chosen, rejected, ref_chosen, ref_rejected, lengths, weight = (torch.tensor(column) for column in numbers)
    batch = PairBatch(chosen, rejected, ref_chosen, ref_rejected, lengths, lengths, weight)
    losses = objective_of(SETTINGS).arguments(SETTINGS)["losses"](batch, SETTINGS)
    assert losses.tolist() == pytest.approx([3.0, 0.0])


def test_a_training_process_knows_it_and_learns(tmp_path: Path) -> None:
    """Before the first step the model is the reference, and h is 0: the loss is weight times margin."""
    base = build_tiny_folder(tmp_path / "base")
    rows = write_rows(tmp_path / "rows.jsonl", SETTINGS)
    model = ModelFiles("base", base)
    request = make_request(model, SETTINGS, rows, batch_size=10)
    report = run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert report.first_loss == pytest.approx(1.5 * 2.0, abs=1e-4), "half of the pairs weigh 1, half 2"
    assert report.last_loss < report.first_loss
