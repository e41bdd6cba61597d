"""The kernels by hand: the numbers of two rows, of single tokens, and what must not matter."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from configs.schema.online.amount import KlEstimate
from configs.schema.online.objectives import (
    Cispo,
    Correction,
    Dapo,
    DrGrpo,
    Grpo,
    Gspo,
    Luspo,
    Nft,
    PolicyGradient,
    Rloo,
    Sapo,
    Vespo,
)
from infra.engines.learn.kernels.divergence import divergence_loss, divergences
from infra.engines.learn.kernels.likelihood import likelihood_loss
from infra.engines.learn.kernels.negative import Sided, negative_aware_loss, negative_aware_losses
from infra.engines.learn.kernels.policy import Drawn, policy_loss
from infra.engines.learn.kernels.ratios import effective_rows, log_ratios, sampler_correction, sampler_gap
from infra.engines.learn.kernels.totals import Totals

pytestmark = pytest.mark.slow  # imports torch

NEW = torch.tensor([[-1.0, -0.5, 0, 0], [-2.0, -1.0, -0.5, -1.5]])
OLD = torch.tensor([[-1.2, -0.5, 0, 0], [-1.5, -1.0, -0.9, -1.5]])
MASK = torch.tensor([[1.0, 1, 0, 0], [1, 1, 1, 1]])
ADVANTAGES = torch.tensor([[1.0], [-0.5]]).expand(2, 4)
MAX_TOKENS = 8


def near(value: float) -> Any:
    return pytest.approx(value, abs=6e-5)


def loss_of(objective: PolicyGradient, **changes: torch.Tensor) -> float:
    drawn = Drawn(**{"logp": NEW, "old": OLD, "advantages": ADVANTAGES, "mask": MASK, **changes})
    return float(policy_loss(drawn, objective, Totals.of(drawn.mask), MAX_TOKENS).loss)


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        (Grpo(clip_high=0.28), -0.2871), (Dapo(), -0.0126), (Dapo(loss="bnpo"), -0.0126),
        (DrGrpo(clip_high=0.28), -0.0047), (Gspo(), -0.2503), (Gspo(clip_low=0.2, clip_high=0.28), -0.3088),
        (Luspo(), -0.1299), (Cispo(), -0.0847), (Cispo(cap=1.28), -0.0759), (Sapo(), -0.5731), (Vespo(), -0.1814),
    ],
)  # fmt: skip
def test_two_rows(objective: PolicyGradient, value: float) -> None:
    assert loss_of(objective) == near(value)


def test_advantages_may_differ_from_token_to_token() -> None:
    told = torch.tensor([[1.0, 0, 0, 0], [0, 0, -0.5, -0.5]])
    assert loss_of(Dapo(), advantages=told) == near(0.0041)


def test_dapo_divides_by_the_waves_tokens_and_bnpo_by_the_steps() -> None:
    drawn = Drawn(NEW, OLD, ADVANTAGES, MASK)
    told = [float(policy_loss(drawn, Dapo(loss=loss), Totals(2, 6, 12), MAX_TOKENS).loss) for loss in ("bnpo", "dapo")]
    assert told == [near(-0.0126), near(-0.0063)]


def test_a_two_sided_clip_bounds_what_a_likely_bad_token_costs() -> None:
    one = {"logp": torch.tensor([[math.log(1.5)]]), "old": torch.zeros(1, 1), "advantages": -torch.ones(1, 1),
           "mask": torch.ones(1, 1)}  # fmt: skip
    assert (loss_of(Dapo(), **one), loss_of(Dapo(delta=1.3), **one)) == (near(1.5), near(1.3))


def test_rloo_has_the_ratio_of_whole_rows() -> None:
    told = log_ratios(NEW, OLD, MASK, "sequence_sum")
    assert told.squeeze(-1).tolist() == [near(0.2), near(-0.1)]
    assert loss_of(Rloo(clip_low=0.5, clip_high=0.5)) == near(-(math.exp(0.2) - 0.5 * math.exp(-0.1)) / 2)


def test_ratios_of_texts_are_their_geometric_means() -> None:
    turns = torch.tensor([[0, 1, 1, 1], [0, 0, 1, 1]])
    told = log_ratios(NEW, OLD, MASK, "turn", turns)
    assert (told * MASK)[0].tolist() == [near(0.2), 0, 0, 0]
    assert told[1].tolist() == [near(-0.25), near(-0.25), near(0.2), near(0.2)]
    whole = log_ratios(NEW, OLD, MASK, "turn", torch.zeros_like(turns))
    assert torch.allclose(whole[:, :1], log_ratios(NEW, OLD, MASK, "sequence"))


@pytest.mark.parametrize("objective", [Grpo(), Dapo(), DrGrpo(), Gspo(), Luspo(), Cispo(), Sapo(), Vespo(), Rloo()])
def test_rows_lie_in_batches_as_they_like_and_what_is_masked_does_not_matter(objective: PolicyGradient) -> None:
    whole = loss_of(objective)
    parts = [
        policy_loss(Drawn(NEW[row], OLD[row], ADVANTAGES[row], MASK[row]), objective, Totals.of(MASK), MAX_TOKENS).loss
        for row in (slice(0, 1), slice(1, 2))
    ]
    assert float(sum(parts)) == pytest.approx(whole, abs=1e-6)
    noise = torch.where(MASK.bool(), NEW, torch.randn(NEW.shape))
    told = {"logp": (noise, NEW), "old": (OLD, OLD), "advantages": (ADVANTAGES, ADVANTAGES), "mask": (MASK, 0 * MASK)}
    more = {name: torch.cat([own, further[:1]]) for name, (own, further) in told.items()}
    assert loss_of(objective, **more) == pytest.approx(whole, abs=1e-6)


def test_rows_without_weight_have_no_gradient() -> None:
    logp = NEW.clone().requires_grad_()
    mask = MASK.clone()
    mask[0] = 0
    policy_loss(Drawn(logp, OLD, ADVANTAGES, mask), Dapo(), Totals.of(mask), MAX_TOKENS).loss.backward()
    assert logp.grad is not None and not logp.grad[0].any() and logp.grad[1].any()


def test_what_is_clipped_is_counted_on_its_own_side() -> None:
    drawn = Drawn(torch.tensor([[0.5, -0.5, 0.0, 0.5]]), torch.zeros(1, 4), torch.tensor([[1.0, -1, 1, -1]]),
                  torch.ones(1, 4))  # fmt: skip
    told = policy_loss(drawn, Dapo(), Totals.of(drawn.mask), MAX_TOKENS)
    assert (told.num_low, told.num_high) == (1, 1)
    told = policy_loss(drawn, Dapo(delta=1.1), Totals.of(drawn.mask), MAX_TOKENS)
    assert (told.num_low, told.num_high) == (1, 2), "a likely bad token has no gradient either"
    told = policy_loss(drawn, Cispo(cap=1.5), Totals.of(drawn.mask), MAX_TOKENS)
    assert (told.num_low, told.num_high) == (0, 1)


def test_reflection_tokens_alone_are_the_mean() -> None:
    lengths, advantages = (5, 3, 4, 6), (1.0, -1.0, -1.0, 1.0)
    mask = torch.tensor([[1.0] * length + [0] * (6 - length) for length in lengths])
    told = torch.tensor(advantages).unsqueeze(1).expand(4, 6)
    zeros = torch.zeros(4, 6)
    assert loss_of(Dapo(), logp=zeros, old=zeros, advantages=told, mask=mask) == near(-0.2222)


def test_what_others_wrote_in_a_row_is_in_no_mean() -> None:
    """Six tokens, four of feedback, three tokens: -9/9, and not -9/13."""
    mask = torch.tensor([[1.0] * 6 + [0] * 4 + [1] * 3])
    zeros = torch.zeros(1, 13)
    assert loss_of(Dapo(), logp=zeros, old=zeros, advantages=torch.ones(1, 13), mask=mask) == near(-1.0)


def test_likelihood_has_the_gradient_of_its_weight_over_its_tokens() -> None:
    """An explanation of two tokens, weight .1: .1 a token's mean."""
    logp = torch.tensor([[-1.2, -1.2]], requires_grad=True)
    weights = torch.full((1, 2), 0.1)
    likelihood_loss(logp, weights, Totals.of(weights > 0)).backward()
    assert logp.grad is not None and logp.grad.sum().item() == near(-0.1)


@pytest.mark.parametrize(("estimate", "value"), [("k1", 0.2), ("k2", 0.02), ("k3", 0.018731)])
def test_three_estimates_of_a_divergence(estimate: KlEstimate, value: float) -> None:
    told = divergences(torch.tensor(-1.0), torch.tensor(-1.2), estimate)
    assert float(told) == pytest.approx(value, abs=5e-7)


def test_the_divergence_weighs_turns_and_has_its_own_divisor() -> None:
    weights = torch.tensor([[0.1] * 3 + [0.01] * 4 + [0.0]])
    logp = torch.full((1, 8), -1.0)
    kl = divergence_loss(logp, logp - 0.2, weights, "k3", Totals.of(weights > 0))
    assert float(kl) == pytest.approx(0.000910, abs=5e-7)
    mask = torch.tensor([[0.0] * 3 + [1.0] * 4 + [0.0]])
    gradient = policy_loss(Drawn(logp, logp, torch.ones(1, 8), mask), Dapo(), Totals.of(mask), MAX_TOKENS)
    assert float(gradient.loss + kl) == pytest.approx(-0.999090, abs=5e-7)


def test_a_constant_weight_of_the_divergence_is_trls_beta_without_its_correction() -> None:
    kl = divergence_loss(NEW, NEW - 0.2, 0.1 * MASK, "k3", Totals.of(MASK))
    assert loss_of(Dapo()) + float(kl) == near(-0.0107)


@pytest.mark.parametrize(
    ("gaps", "correction", "cap", "told"),
    [
        ((0.1, -0.05, 0.3, 0.2), "token_truncate", 1.2, [1.1052, 0.9512, 1.2, 1.2]),
        ((0.1, -0.05, 0.3, 0.2), "token_mask", 1.2, [1.1052, 0.9512, 0, 0]),
        ((0.1, -0.05, 0.3, 0.2), "sequence_mask", 3.0, [1.7333]), ((1.0, 0.3, 0, 0), "sequence_mask", 3.0, [0]),
        ((1.0, 0.3, 0, 0), "sequence_mask", 4.0, [3.6693]), ((1.0, 0.3, 0, 0), "sequence_truncate", 3.0, [3.0]),
        ((math.nan, -0.05, 0.3, 0.2), "token_mask", 1.4, [1, 0.9512, 1.3499, 1.2214]),
    ],
)  # fmt: skip
def test_what_the_sampler_says_otherwise(
    gaps: tuple[float, ...], correction: Correction, cap: float, told: list[float]
) -> None:
    sampled, mask = -torch.tensor([gaps]), torch.ones(1, 4)
    weights = sampler_correction(torch.zeros(1, 4), sampled, mask, correction, cap)
    assert weights is not None and weights.flatten().tolist() == [near(value) for value in told]


def test_no_correction_is_none_and_a_masked_row_is_out() -> None:
    assert sampler_correction(OLD, OLD, MASK, "none", 3.0) is None
    out = loss_of(Dapo(), weights=torch.tensor([[0.0], [1.0]]))
    assert out == near(float((0.4 + 0.5 + 0.7459 + 0.5) / 6))


def test_the_gap_to_the_sampler_is_of_tokens_that_both_know() -> None:
    sampled = torch.tensor([[-1.3, math.nan, 5.0, 5.0]])
    assert sampler_gap(OLD[:1], sampled, MASK[:1]).tolist() == [near(0.1)]
    assert effective_rows(torch.tensor([1.1, 0.9, 2, 0.2])) == near(2.9109)


def test_likelihood_is_a_mean_over_what_has_a_weight() -> None:
    logp = torch.tensor([[-1.2, -1.2, -9.0]])
    weights = torch.tensor([[0.1, 0.1, 0.0]])
    assert float(likelihood_loss(logp, weights, Totals.of(weights > 0))) == near(0.12)


@pytest.mark.parametrize(
    ("share", "q", "eps", "value", "gradient"),
    [
        (0.25, 1.1, 1.0, 0, 0.3667), (0.25, 1.1, 0.1, 0.0339, 0.3793), (0.5, 0.9, 1.0, -0.0953, 0.8182),
        (0.5, 0.9, 0.1, -0.0953, 0.8182), (0.75, 1.3, 1.0, 0, 3.9), (0.75, 1.3, 0.1, 2.3026, 39.0),
    ],
)  # fmt: skip
def test_a_wrong_row_teaches_through_what_would_be_left(
    share: float, q: float, eps: float, value: float, gradient: float
) -> None:
    log_q = torch.tensor([math.log(q)], requires_grad=True)
    loss = negative_aware_losses(log_q, torch.tensor([share]), torch.zeros(1), Nft(eps_wrong=eps))
    loss.sum().backward()
    assert float(loss) == near(value) and log_q.grad is not None
    assert float(log_q.grad) == pytest.approx(gradient, abs=6e-4)


def test_a_least_value_holds_where_the_ratio_is_huge() -> None:
    log_q = torch.tensor([10.0, 10.0], requires_grad=True)
    for eps in (0.001, 0.01, 1.0):
        loss = negative_aware_losses(log_q, torch.tensor([0.98, 0.97]), torch.zeros(2), Nft(eps_wrong=eps))
        assert loss.tolist() == [near(-math.log(eps))] * 2


def test_a_right_row_is_likelihood_whatever_its_share() -> None:
    log_q = torch.tensor([math.log(1.1), 11.0], requires_grad=True)
    loss = negative_aware_losses(log_q, torch.tensor([0.98, 0.5]), torch.ones(2), Nft())
    loss.sum().backward()
    assert loss.tolist() == [near(-math.log(1.1)), near(-10.0)], "the largest log-ratio changes the value alone"
    assert log_q.grad is not None and log_q.grad.tolist() == [near(-1), near(-1)]


def sided(logp: torch.Tensor, right: list[float], share: float, weight: float) -> Sided:
    ones = torch.ones_like(logp)
    is_right = torch.tensor(right).unsqueeze(1) * ones
    return Sided(logp, torch.zeros_like(logp), ones, share * ones, is_right, weight * ones)


def test_a_row_of_nft_is_a_sum_over_a_constant() -> None:
    row = sided(torch.full((1, 5), math.log(1.1)), [1.0], 0.25, 0.75)
    assert float(negative_aware_loss(row, Nft(), Totals.of(row.mask))) == pytest.approx(-0.000357, abs=5e-7)
    assert float(negative_aware_loss(row, Nft(divisor=1), Totals.of(row.mask))) == near(-0.3574)
    assert float(negative_aware_loss(row, Nft(divisor=None), Totals.of(row.mask))) == near(-0.3574 / 5)
    whole = negative_aware_loss(row, Nft(divisor=1, ratio="sequence_sum"), Totals.of(row.mask))
    assert float(whole) == near(-0.75 * 5 * math.log(1.1)), "the row's one ratio is counted once"


def test_on_policy_nft_is_grpo_without_a_deviation() -> None:
    """Sixteen rows, four right: weights 1 - p give the advantages .75 and -.25."""
    logp = torch.zeros(16, 3, requires_grad=True)
    rows = sided(logp, [1.0] * 4 + [0.0] * 12, 0.25, 0.75)
    negative_aware_loss(rows, Nft(divisor=1), Totals.of(rows.mask)).backward()
    assert logp.grad is not None
    assert logp.grad[:4].unique().tolist() == [near(-0.75)] and logp.grad[4:].unique().tolist() == [near(0.25)]
