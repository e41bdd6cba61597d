"""The preference losses on hand-computed numbers. D1: logp chosen -20, rejected -25; reference -22, -24; h = 3."""

from __future__ import annotations

import math
from typing import Any

import pytest

from configs.schema.objective import SoftLabelDpo, WeightedDpoNll

pytestmark = pytest.mark.slow


def column(*values: float) -> Any:
    import torch

    return torch.tensor(values, dtype=torch.float64)


CHOSEN, REJECTED, REF_CHOSEN, REF_REJECTED, GAP = -20.0, -25.0, -22.0, -24.0, 3.0


def batch(**values: Any) -> Any:
    """D1: one pair, ten tokens on the chosen side, weight 1."""
    from infra.engines.train.objectives.pairs import PairBatch

    known = {"chosen": CHOSEN, "rejected": REJECTED, "ref_chosen": REF_CHOSEN, "ref_rejected": REF_REJECTED}
    known |= {"chosen_lengths": 10, "rejected_lengths": 10, "weight": 1.0}
    return PairBatch(**{name: column(value) if isinstance(value, float | int) else value
                        for name, value in {**known, **values}.items()})  # fmt: skip


def test_the_gap_is_what_the_model_moved_towards_the_chosen_side() -> None:
    assert batch().gap.item() == GAP


def test_what_both_sides_begin_with_cancels() -> None:
    """A common part of -30, -31 to the reference, before -12 and -9, -14 and -8: h is 3 with it and without it."""
    rest = {"chosen": -12.0, "rejected": -9.0, "ref_chosen": -14.0, "ref_rejected": -8.0}
    common = {"chosen": -30.0, "rejected": -30.0, "ref_chosen": -31.0, "ref_rejected": -31.0}
    assert batch(**rest).gap.item() == 3 == batch(**{side: rest[side] + common[side] for side in rest}).gap.item()


@pytest.mark.parametrize(
    ("gap", "beta", "loss"),
    [
        (GAP, 0.1, 0.554355),
        (-GAP, 0.1, 0.854355),
        (GAP, 0.5, 0.201413),
        (1.2 - 0.4, 1.0, 0.371101),
        ((0.4 + 1.1) - (-0.2 + 0.3), 0.1, 0.625595),
        ((0.4 + 1.1) - (-0.2 + 0.3), 0.5, 0.403186),
        (1.0, 0.1, 0.644397),
        (GAP, 0.2, 0.437488),
    ],
    ids=[
        "D1",
        "D1 swapped",
        "D1 beta .5",
        "Bradley-Terry",
        "M-DPO of two turns",
        "M-DPO eta .5",
        "EVOLVE revising",
        "SSO, plain",
    ],
)
def test_sigmoid(gap: float, beta: float, loss: float) -> None:
    from infra.engines.train.objectives.pairs import sigmoid_loss

    assert sigmoid_loss(column(gap), beta).item() == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize(
    ("weight", "beta", "loss"),
    [(0.5, 0.5, 1.100707), (1.0, 0.5, 2.201413), (1.0, 0.1, 2.554355)],
    ids=["ScPO", "ScPO weight 1", "IRPO"],
)
def test_weighted_dpo_nll_with_ten_chosen_tokens(weight: float, beta: float, loss: float) -> None:
    from infra.engines.train.objectives.weighted_dpo_nll import weighted_dpo_nll_losses

    found = weighted_dpo_nll_losses(batch(weight=weight), WeightedDpoNll(beta=beta, alpha=1.0))
    assert found.item() == pytest.approx(loss, abs=1e-6)


def test_both_contexts_of_evolve_add_up() -> None:
    """h 3 under the problem and 1 under the problem with the worse answer: 1.198752, two rows of one step."""
    from infra.engines.train.objectives.pairs import sigmoid_loss

    assert sigmoid_loss(column(3.0, 1.0), 0.1).sum().item() == pytest.approx(1.198752, abs=1e-6)


def test_the_pairs_of_a_prompt_in_self_contrast_are_one_mean() -> None:
    """q 2 with h 3 and 1: weights of 1/q."""
    from infra.engines.train.objectives.pairs import sigmoid_loss

    assert (0.5 * sigmoid_loss(column(3.0, 1.0), 0.1)).sum().item() == pytest.approx(0.599376, abs=1e-6)


def test_without_alpha_the_likelihood_term_is_gone() -> None:
    from infra.engines.train.objectives.pairs import sigmoid_loss
    from infra.engines.train.objectives.weighted_dpo_nll import weighted_dpo_nll_losses

    found = weighted_dpo_nll_losses(batch(weight=0.5), WeightedDpoNll(beta=0.5, alpha=0.0))
    assert found.item() == pytest.approx(0.5 * sigmoid_loss(column(GAP), 0.5).item(), abs=1e-12)


def test_the_likelihood_may_be_that_of_the_tail_alone() -> None:
    """ReVISE: .554355 + .1 x 1.2 = .674355, with 17 tokens of mean -1.2 after what both sides begin with."""
    from infra.engines.train.objectives.weighted_dpo_nll import weighted_dpo_nll_losses

    settings = WeightedDpoNll(beta=0.1, alpha=0.1, nll="after_prefix")
    found = weighted_dpo_nll_losses(batch(tail=-1.2 * 17, tail_lengths=17), settings)
    assert found.item() == pytest.approx(0.674355, abs=1e-6)
    halved = weighted_dpo_nll_losses(batch(tail=-1.2 * 17, tail_lengths=17, weight=0.5), settings)
    assert halved.item() == pytest.approx(0.674355 / 2, abs=1e-6)


def test_soft_label_is_the_conservative_loss() -> None:
    """CREAM with C .8 is the flip rate .2; C 1 is plain DPO."""
    from infra.engines.train.objectives.pairs import sigmoid_loss
    from infra.engines.train.objectives.soft_label_dpo import soft_label_losses

    settings = SoftLabelDpo(beta=0.1)
    assert soft_label_losses(batch(soft_label=0.8), settings).item() == pytest.approx(0.614355, abs=1e-6)
    assert soft_label_losses(batch(soft_label=1.0), settings).item() == sigmoid_loss(column(GAP), 0.1).item()


def test_losses_are_one_a_pair_and_finite_far_out() -> None:
    from infra.engines.train.objectives.pairs import sigmoid_loss
    from infra.engines.train.objectives.soft_label_dpo import soft_label_losses

    assert sigmoid_loss(column(-4000.0, 0.0, 4000.0), 1.0).tolist() == pytest.approx([4000.0, math.log(2), 0.0])
    sides = {"chosen": column(1e4, -1e4), "rejected": column(0.0, 0.0), "ref_chosen": 0.0, "ref_rejected": 0.0}
    far = batch(**sides, soft_label=column(0.75, 0.75))
    assert soft_label_losses(far, SoftLabelDpo(beta=1.0)).tolist() == pytest.approx([2500.0, 7500.0])


def test_the_gradient_pushes_the_sides_apart() -> None:
    """d/d chosen of -ln sigma(beta h) is -beta sigma(-beta h), and the opposite for the rejected side."""
    from infra.engines.train.objectives.pairs import sigmoid_loss

    chosen, rejected = column(CHOSEN).requires_grad_(), column(REJECTED).requires_grad_()
    sigmoid_loss(batch(chosen=chosen, rejected=rejected).gap, 0.1).sum().backward()
    slope = 0.1 / (1 + math.exp(0.3))
    assert chosen.grad.item() == pytest.approx(-slope)
    assert rejected.grad.item() == pytest.approx(slope)
