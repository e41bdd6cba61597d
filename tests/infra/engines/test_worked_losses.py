"""Losses of pairs by hand-computed numbers, on a model that gives known log-probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.objective import Dpo, Objective, SoftLabelDpo, Sppo, WeightedDpoNll
from tasks.judge.kinds.win_rate import chance_to_win
from tests.infra.engines.preferences import TEXTS, make_trainer, pair_rows
from tests.infra.engines.training import make_request

pytestmark = pytest.mark.slow


P_CHOSEN = sum(chance_to_win(1, score) for score in (1, 0.5, 0, -0.5, -1)) / 5
"""0.710378: of five samples that score so the win rate of the best; that of the worst is 0.289622"""
KLS = [{"kind": "reverse_kl", "weight": 0.1}, {"kind": "forward_kl", "weight": 0.1}]


class KnownModel:
    """Stands for a model that gives test vector D1: chosen -20, rejected -25, each over ten tokens, or five."""

    def __init__(self, rejected_length: int = 10) -> None:
        self.rejected_length = rejected_length

    def __call__(self, **inputs: Any) -> Any:
        import torch
        from trl.trainer.utils import FusedCausalLMOutput

        logprobs = torch.zeros(2, 10, dtype=torch.float64)
        logprobs[0], logprobs[1, : self.rejected_length] = -2.0, -25 / self.rejected_length
        zeros = torch.zeros_like(logprobs)
        return FusedCausalLMOutput(
            log_probs=logprobs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), log_sum_sq_probs=zeros
        )


@pytest.mark.parametrize(
    ("objective", "weight", "loss"),
    [
        (Dpo(), 1.0, 0.554355),
        (Dpo(beta=0.2), 1.0, 0.437488),
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
        (Dpo(loss="sppo_hard"), 1.0, 25.0),
        (Dpo(loss="sppo_hard", beta=0.5), 1.0, 1.0),
        (Sppo(beta=0.1), 1.0, 0.614549),
        (Sppo(beta=0.1), 0.5, 0.614549 / 2),
        (Sppo(beta=0.5), 1.0, 1.414768),
        (Sppo(), 1.0, 43630.22),
        (Sppo(beta=0.1, form="single"), 1.0, 5.576729),
        (Sppo(beta=0.1, regularise=KLS), 1.0, 0.968307),
        (Sppo(beta=0.1, regularise=KLS), 0.5, 0.968307 / 2),
        (Sppo(beta=0.1, regularise=KLS[:1]), 1.0, 0.614549 + 0.225),
        (Sppo(beta=0.1, regularise=KLS[1:]), 1.0, 0.614549 + 0.128758),
        (Sppo(beta=0.1, regularise=[{**KLS[0], "reference": "seed"}, KLS[1]]), 1.0, 0.614549 + 0.128758),
    ],
    ids=str,
)
def test_worked_numbers(base: Path, tmp_path: Path, objective: Objective, weight: float, loss: float) -> None:
    """D1 through the trainer of each objective: one pair, reference -22 and -24; RSPO's mu has -23 and -25. Ten tokens
    a side, for RSPO five on the rejected."""
    import torch

    from infra.engines.train.objectives.sppo import with_targets

    rows = pair_rows(base, *[weight] * len(TEXTS))
    trainer = make_trainer(base, objective, rows, tmp_path)
    length = 5 if isinstance(objective, Sppo) else 10
    mask = torch.tensor([[0] + [1] * 10, [0] + [1] * length + [0] * (10 - length)])
    told = {"soft_label": 0.8, "weight": weight, "p_over": chance_to_win(1, -1)}
    told |= {"p_chosen": P_CHOSEN, "p_rejected": 1 - P_CHOSEN}
    if isinstance(objective, Sppo):
        told = with_targets(told, make_request(base, objective))
    said = {
        "ref_chosen_logps": -22.0, "ref_rejected_logps": -24.0, **told, "base.ref_chosen_logps": -23.0,
        "base.ref_rejected_logps": -25.0, "seed.ref_chosen_logps": -20.0, "seed.ref_rejected_logps": -25.0,
    }  # fmt: skip
    batch = {
        "input_ids": torch.ones(2, 11, dtype=torch.long),
        "attention_mask": torch.ones(2, 11, dtype=torch.long),
        "completion_mask": mask,
        **{name: torch.tensor([value], dtype=torch.float64) for name, value in said.items()},
    }
    if isinstance(objective, Dpo):
        del batch["soft_label"]
    found = trainer.compute_loss(KnownModel(length), batch).item()
    assert found == pytest.approx(loss, abs=1e-6 if loss < 100 else 0.05)
    if not isinstance(objective, Dpo):
        assert trainer._metrics["eval"]["rewards/margins"] == pytest.approx([objective.beta * 3.0])
        assert trainer._metrics["eval"]["rewards/accuracies"] == [1.0]


def test_a_soft_label_on_a_gap_of_two_scores() -> None:
    """Label .8 on 1.2 against .4, beta 1: .8 x .371101 + .2 x 1.171101 = .531101; certain it is .371101."""
    import torch

    from infra.engines.train.objectives.pairs import PairBatch
    from infra.engines.train.objectives.soft_label_dpo import soft_label_losses

    chosen, rejected, zero, one = (torch.tensor([value]) for value in (1.2, 0.4, 0.0, 1.0))
    for label, loss in ((0.8, 0.531101), (1.0, 0.371101)):
        batch = PairBatch(chosen, rejected, zero, zero, one, one, one, torch.tensor([label]))
        assert soft_label_losses(batch, SoftLabelDpo(beta=1.0)).item() == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize(
    ("objective", "told", "words"),
    [
        (Sppo(), {}, "the chance None as p_chosen"),
        (Sppo(), {"p_chosen": 0.7, "p_rejected": None}, "the chance None as p_rejected"),
        (Sppo(), {"p_chosen": 1.2, "p_rejected": 0.1}, "the chance 1.2 as p_chosen"),
        (Sppo(form="single"), {"p_chosen": 0.7, "p_rejected": 0.3}, "the chance None as p_over"),
    ],
)
def test_pairs_without_chances_are_refused(base: Path, objective: Sppo, told: dict[str, Any], words: str) -> None:
    from infra.engines.train.objectives.sppo import with_targets

    with pytest.raises(EngineError, match=words):
        with_targets({"weight": 1.0, "soft_label": None, **told}, make_request(base, objective))
