"""What a step of a preference objective computes, against TRL's own trainers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from configs.schema.objective import Dpo, DpoLoss, SoftLabelDpo, WeightedDpoNll
from tests.infra.engines.preferences import REFERENCES, loss_of, make_trainer, make_trl_trainer, pair_rows
from tests.infra.engines.training import make_request

pytestmark = pytest.mark.slow

LOSSES = get_args(DpoLoss)
WEIGHTED_LOSSES = [loss for loss in LOSSES if not loss.startswith("aot")]


def dpo(loss: Any, **settings: Any) -> Dpo:
    """A loss with the label smoothing that it needs."""
    return Dpo(loss=loss, label_smoothing=0.2 if loss in ("robust", "exo_pair") else 0.0, **settings)


@pytest.fixture(scope="module")
def trl_trainer(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    trainer = make_trl_trainer(base, Dpo(), tmp_path_factory.mktemp("trl"))
    trainer.precompute_ref_logps = True  # the batches bring the numbers
    return trainer


@pytest.mark.parametrize("loss", LOSSES)
def test_with_all_weights_one_the_loss_is_trl_s_own(base: Path, tmp_path: Path, trl_trainer: Any, loss: Any) -> None:
    objective, rows = dpo(loss, beta=0.3), pair_rows(base)
    trl_trainer.loss_types, trl_trainer.beta = [loss], 0.3
    trl_trainer.label_smoothing = objective.label_smoothing
    batch = trl_trainer.data_collator(rows)  # TRL's collator leaves the weights out
    theirs = trl_trainer.compute_loss(trl_trainer.model, batch).item()
    assert loss_of(make_trainer(base, objective, rows, tmp_path), rows) == theirs


@pytest.mark.parametrize("loss", WEIGHTED_LOSSES)
def test_a_weight_is_a_factor_of_its_pair_s_loss(base: Path, tmp_path: Path, loss: Any) -> None:
    """The mean over the batch of weight times the loss that the pair has alone; weight 0 counts in the mean."""
    weights = [2.0, 0.5, 1.0, 0.0]
    alone = pair_rows(base)
    single = make_trainer(base, dpo(loss), alone, tmp_path)
    losses = [loss_of(single, [row]) for row in alone]
    rows = pair_rows(base, *weights)
    weighted = loss_of(make_trainer(base, dpo(loss), rows, tmp_path), rows)
    expected = sum(weight * value for weight, value in zip(weights, losses, strict=True)) / len(rows)
    assert weighted == pytest.approx(expected, rel=1e-5)


def test_a_weight_is_a_factor_of_the_gradient_too(base: Path, tmp_path: Path) -> None:
    import torch

    def gradient(*weights: float) -> torch.Tensor:
        rows = pair_rows(base, *weights)
        trainer = make_trainer(base, Dpo(), rows, tmp_path)
        trainer.compute_loss(trainer.model, trainer.data_collator(rows)).backward()
        return trainer.model.lm_head.weight.grad

    assert torch.allclose(gradient(2.0, 2.0, 2.0, 2.0), 2 * gradient(1.0, 1.0, 1.0, 1.0), atol=1e-7)


def test_own_losses_meet_trl_s_where_they_coincide(base: Path, tmp_path: Path, trl_trainer: Any) -> None:
    """Label 1 and alpha 0 leave plain DPO; rewards are TRL's too."""
    rows = pair_rows(base)
    trl_trainer.loss_types, trl_trainer.beta, trl_trainer.label_smoothing = ["sigmoid"], 0.1, 0.0
    trl_trainer._metrics["eval"].clear()
    theirs = trl_trainer.compute_loss(trl_trainer.model, trl_trainer.data_collator(rows)).item()
    for objective in (SoftLabelDpo(label=1.0), WeightedDpoNll(beta=0.1, alpha=0.0)):
        certain = [{**row, "soft_label": 1.0} for row in rows]
        trainer = make_trainer(base, objective, certain, tmp_path)
        assert loss_of(trainer, certain) == pytest.approx(theirs, rel=1e-6)
        for name in ("rewards/margins", "rewards/accuracies"):
            assert trainer._metrics["eval"][name] == pytest.approx(trl_trainer._metrics["eval"][name], rel=1e-5)


def test_a_whole_training_is_trl_s_own(base: Path, tmp_path: Path) -> None:
    """Same tokens, same reference, same order: the start model as reference, weights 1, batches of two."""
    import torch
    from datasets import Dataset

    from infra.engines.train.reference import add_reference

    optimizer = {"batch_size": 2, "epochs": 3.0, "learning_rate": 1e-3}
    rows_path = tmp_path / "rows.jsonl"
    rows_path.write_text("")
    plain = [{name: row[name] for name in row if not name.startswith("ref_")} for row in pair_rows(base)]
    rows = add_reference(
        make_request(base, Dpo(), rows_path, **optimizer), Dataset.from_list(plain), tmp_path, "fingerprint"
    )
    ours = make_trainer(base, Dpo(), list(rows), tmp_path, **optimizer)
    theirs = make_trl_trainer(base, Dpo(), tmp_path, **optimizer)
    for trainer in (ours, theirs):
        trainer.train()
    losses = [[log["loss"] for log in trainer.state.log_history if "loss" in log] for trainer in (ours, theirs)]
    assert len(losses[0]) == 6
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for mine, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


def test_rows_reach_the_trainer_as_json_free_values(base: Path, tmp_path: Path) -> None:
    """Weights and labels survive the data set: what the collator gets is what was put in."""
    rows = pair_rows(base, 2.0, 0.5, 1.0, 0.25)
    trainer = make_trainer(base, SoftLabelDpo(), rows, tmp_path)
    batch = trainer.data_collator([trainer.train_dataset[number] for number in range(len(rows))])
    assert batch["weight"].tolist() == [2.0, 0.5, 1.0, 0.25]
    assert json.loads(json.dumps(batch["ref_chosen_logps"].tolist())) == [chosen for chosen, _ in REFERENCES]
