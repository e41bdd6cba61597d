"""What a step of a preference objective computes, against TRL's own trainers and hand-computed numbers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from configs.schema.objective import Dpo, DpoLoss, Kto, Objective, SoftLabelDpo, WeightedDpoNll
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.tiny import build_tiny_folder
from tests.infra.engines.training import said

pytestmark = pytest.mark.slow

TEXTS = [("4+8=", "12", "132"), ("1+1=", "2", "11"), ("2+3=", "5", "6"), ("7+7=", "14", "7 7")]
REFERENCES = [(-20.0, -30.0), (-11.0, -15.0), (-12.0, -9.0), (-16.0, -21.0)]
"""made-up log-probabilities of chosen and rejected; the rewards are then far from 0"""

LOSSES = get_args(DpoLoss)
WEIGHTED_LOSSES = [loss for loss in LOSSES if not loss.startswith("aot")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("model"))


def dpo(loss: Any, **settings: Any) -> Dpo:
    """A loss with the label smoothing that it needs."""
    return Dpo(loss=loss, label_smoothing=0.2 if loss in ("robust", "exo_pair") else 0.0, **settings)


def make_request(base: Path, objective: Objective, rows: Path = Path("rows.jsonl"), **optimizer: Any) -> TrainRequest:
    settings = {"learning_rate": 1e-2, "batch_size": len(TEXTS), **optimizer}
    model = ModelFiles("start", base)
    return TrainRequest(
        model=model,
        reference=model,
        tune=FullWeights(),
        optimizer=Optimizer(**settings),
        objective=objective,
        rows=rows,
        seed=0,
    )


def pair_rows(base: Path, *weights: float) -> list[dict[str, Any]]:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.pairs import encode_pairs
    from infra.engines.train.rows import Encoder

    texts = [
        {
            "messages": [{"role": "user", "content": prompt}],
            "chosen": said(chosen),
            "rejected": said(rejected),
            "weight": weight,
        }
        for (prompt, chosen, rejected), weight in zip(TEXTS, weights or [1.0] * len(TEXTS), strict=True)
    ]
    pairs, _ = encode_pairs(texts, Encoder(load_chat(ModelFiles("start", base)), 64))
    return [
        {**pair, "soft_label": 0.8, "ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
        for pair, (chosen, rejected) in zip(pairs, REFERENCES, strict=True)
    ]


def make_trainer(base: Path, objective: Objective, rows: list[dict[str, Any]], folder: Path, **optimizer: Any) -> Any:
    from infra.engines.train.prepare import make_trainer as make
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, objective, **optimizer)
    return make(request, load_tokenizer(request.model), load_trainable(request), rows, folder)


def make_trl_trainer(base: Path, objective: Dpo, folder: Path, **optimizer: Any) -> Any:
    """TRL's own trainer on texts: its tokens, its reference, its losses."""
    from datasets import Dataset
    from trl import DPOTrainer

    from infra.engines.train.settings import choose_settings
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, objective, **optimizer)
    settings = dataclasses.replace(
        choose_settings(request, len(TEXTS), folder), precompute_ref_log_probs=False, remove_unused_columns=True
    )
    # what the tiny model's template renders: the message itself
    rows = [{"prompt": prompt, "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in TEXTS]
    return DPOTrainer(
        model=load_trainable(request),
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=load_tokenizer(request.model),
    )


def loss_of(trainer: Any, rows: list[dict[str, Any]]) -> float:
    loss: float = trainer.compute_loss(trainer.model, trainer.data_collator(rows)).item()
    return loss


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


class KnownModel:
    """Stands for a model that gives test vector D1: chosen -20, rejected -25, each over ten tokens."""

    def __call__(self, **inputs: Any) -> Any:
        import torch
        from trl.trainer.utils import FusedCausalLMOutput

        logprobs = torch.tensor([[-2.0], [-2.5]], dtype=torch.float64).expand(2, 10)
        zeros = torch.zeros_like(logprobs)
        return FusedCausalLMOutput(
            log_probs=logprobs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), log_sum_sq_probs=zeros
        )


@pytest.mark.parametrize(
    ("objective", "weight", "loss"),
    [
        (Dpo(), 1.0, 0.554355),
        (Dpo(beta=0.5), 1.0, 0.201413),
        (Dpo(loss="robust", label_smoothing=0.2), 1.0, 0.454355),
        (Dpo(loss="hinge"), 1.0, 0.7),
        (Dpo(loss="hinge", beta=5.0), 1.0, 0.0),
        (Dpo(loss="hinge"), 0.5, 0.35),
        (WeightedDpoNll(), 0.5, 1.100707),
        (WeightedDpoNll(), 1.0, 2.201413),
        (WeightedDpoNll(beta=0.1), 1.0, 2.554355),
        (SoftLabelDpo(label=0.8), 1.0, 0.614355),
        (SoftLabelDpo(label=0.8), 0.5, 0.614355 / 2),
    ],
    ids=str,
)
def test_worked_numbers(base: Path, tmp_path: Path, objective: Objective, weight: float, loss: float) -> None:
    """D1 through the trainer of each objective: one pair, ten tokens a side, reference -22 and -24."""
    import torch

    rows = pair_rows(base, *[weight] * len(TEXTS))
    trainer = make_trainer(base, objective, rows, tmp_path)
    mask = torch.tensor([[0] + [1] * 10] * 2)
    batch = {
        "input_ids": torch.ones(2, 11, dtype=torch.long),
        "attention_mask": torch.ones(2, 11, dtype=torch.long),
        "completion_mask": mask,
        "ref_chosen_logps": torch.tensor([-22.0], dtype=torch.float64),
        "ref_rejected_logps": torch.tensor([-24.0], dtype=torch.float64),
        "weight": torch.tensor([weight], dtype=torch.float64),
        "soft_label": torch.tensor([0.8], dtype=torch.float64),
    }
    if isinstance(objective, Dpo):
        del batch["soft_label"]
    assert trainer.compute_loss(KnownModel(), batch).item() == pytest.approx(loss, abs=1e-6)
    if not isinstance(objective, Dpo):
        assert trainer._metrics["eval"]["rewards/margins"] == pytest.approx([objective.beta * 3.0])
        assert trainer._metrics["eval"]["rewards/accuracies"] == [1.0]


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

    from infra.engines.train.reference import add_reference

    optimizer = {"batch_size": 2, "epochs": 3.0, "learning_rate": 1e-3}
    rows_path = tmp_path / "rows.jsonl"
    rows_path.write_text("")
    plain = [{name: row[name] for name in row if not name.startswith("ref_")} for row in pair_rows(base)]
    rows = add_reference(make_request(base, Dpo(), rows_path, **optimizer), plain, tmp_path, "fingerprint")
    ours = make_trainer(base, Dpo(), rows, tmp_path, **optimizer)
    theirs = make_trl_trainer(base, Dpo(), tmp_path, **optimizer)
    for trainer in (ours, theirs):
        trainer.train()
    losses = [[log["loss"] for log in trainer.state.log_history if "loss" in log] for trainer in (ours, theirs)]
    assert len(losses[0]) == 6
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for mine, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


def labelled_rows(base: Path, *weights: float) -> list[dict[str, Any]]:
    """Desirable and undesirable rows in turn, with the prompts' completions and made-up references."""
    rows = []
    for number, (pair, weight) in enumerate(zip(pair_rows(base), weights or [1.0] * len(TEXTS), strict=True)):
        desirable = number % 2 == 0
        rows.append(
            {
                "prompt_ids": pair["prompt_ids"],
                "completion_ids": pair["chosen_ids" if desirable else "rejected_ids"],
                "KL_completion_ids": pair["rejected_ids"],
                "label": desirable,
                "weight": weight,
                "ref_logps": REFERENCES[number][0],
                "ref_KL_logps": REFERENCES[number][1],
            }
        )
    return rows


def kto_by_hand(trainer: Any, rows: list[dict[str, Any]], objective: Kto) -> float:
    """mean of weight * lambda * (1 - sigma(beta s)) with KL clamped at 0, from a plain forward pass."""
    import torch

    def logprob(row: dict[str, Any], completion: str) -> torch.Tensor:
        tokens = torch.tensor([row["prompt_ids"] + row[completion]])
        logits = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        return logits.gather(1, tokens[0, 1:, None])[len(row["prompt_ids"]) - 1 :].sum()

    with torch.no_grad():
        kl = torch.stack([logprob(row, "KL_completion_ids") - row["ref_KL_logps"] for row in rows]).mean().clamp(min=0)
        losses = []
        for row in rows:
            gain = logprob(row, "completion_ids") - row["ref_logps"]
            signed = gain - kl if row["label"] else kl - gain
            factor = objective.desirable_weight if row["label"] else objective.undesirable_weight
            losses.append(row["weight"] * factor * (1 - torch.sigmoid(objective.beta * signed)))
        return torch.stack(losses).mean().item()


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), (2.0, 0.5, 1.0, 3.0)])
def test_kto_by_hand(base: Path, tmp_path: Path, weights: tuple[float, ...]) -> None:
    objective = Kto(beta=0.2, desirable_weight=1.5, undesirable_weight=0.5)
    rows = labelled_rows(base, *weights)
    trainer = make_trainer(base, objective, rows, tmp_path)
    assert trainer.args.train_sampling_strategy == "sequential"
    assert loss_of(trainer, rows) == pytest.approx(kto_by_hand(trainer, rows, objective), rel=1e-5)


def test_kto_with_one_kind_of_rows_has_a_loss_too(base: Path, tmp_path: Path) -> None:
    rows = [row for row in labelled_rows(base, 2.0, 1.0, 0.5, 1.0) if row["label"]]
    trainer = make_trainer(base, Kto(), rows, tmp_path)
    assert loss_of(trainer, rows) == pytest.approx(kto_by_hand(trainer, rows, Kto()), rel=1e-5)


def test_rows_reach_the_trainer_as_json_free_values(base: Path, tmp_path: Path) -> None:
    """Weights and labels survive the data set: what the collator gets is what was put in."""
    rows = pair_rows(base, 2.0, 0.5, 1.0, 0.25)
    trainer = make_trainer(base, SoftLabelDpo(), rows, tmp_path)
    batch = trainer.data_collator([trainer.train_dataset[number] for number in range(len(rows))])
    assert batch["weight"].tolist() == [2.0, 0.5, 1.0, 0.25]
    assert json.loads(json.dumps(batch["ref_chosen_logps"].tolist())) == [chosen for chosen, _ in REFERENCES]
