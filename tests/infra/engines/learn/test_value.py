"""The value head: its credit by hand, its loss, and that it goes on from where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM

from configs.errors import EngineError
from configs.schema.model import TinyLlama
from configs.schema.online.objectives import Ppo
from infra.engines.learn.critic import Critic
from infra.engines.learn.kernels.totals import Totals
from infra.engines.learn.kernels.value import ValueHead, estimate, value_loss, whitened
from infra.engines.models.tiny_llama import write_tiny_llama

pytestmark = pytest.mark.slow  # imports torch

VALUES = torch.tensor([[0.5, 0.25, 0.75, 9.0, 0.4, 0.5]])
MASK = torch.tensor([[1.0, 1, 1, 0, 1, 1]])
TEXTS = torch.tensor([[0, 0, 0, 0, 1, 1]])
RETURNS = torch.tensor([[1.0, 1, 1, 0, -1, -1]])


def near(*numbers: float) -> Any:
    return [pytest.approx(number, abs=5e-5) for number in numbers]


def estimated(discount: float, decay: float, values: torch.Tensor = VALUES) -> list[float]:
    found: list[float] = estimate(RETURNS, TEXTS, MASK, values, discount, decay)[0].tolist()
    return found


def test_with_lambda_1_an_advantage_is_the_texts_return_less_the_value() -> None:
    assert estimated(1, 1) == near(0.5, 0.75, 0.25, 0, -1.4, -1.5)


def test_with_lambda_0_it_is_one_step_alone() -> None:
    assert estimated(1, 0) == near(-0.25, 0.5, 0.25, 0, 0.1, -1.5)
    assert estimated(0.5, 0) == near(0.125 - 0.5, 0.375 - 0.25, 0.25, 0, 0.25 - 0.4, -1.5)


def test_between_them_later_steps_fade_and_never_cross_into_another_text() -> None:
    # deltas -0.25, 0.5, 0.25 | 0.1, -1.5, each with 0.95 of what comes after
    assert estimated(1, 0.95) == near(-0.25 + 0.95 * (0.5 + 0.95 * 0.25), 0.5 + 0.95 * 0.25, 0.25, 0,
                                      0.1 - 0.95 * 1.5, -1.5)  # fmt: skip
    # two texts that touch are two all the same
    close = estimate(RETURNS[:, [0, 1, 4]], TEXTS[:, [0, 1, 4]], torch.ones(1, 3), VALUES[:, [0, 1, 4]], 1, 1)
    assert close[0].tolist() == near(0.5, 0.75, -1.4)


def test_a_divergence_is_taken_from_each_tokens_own_reward() -> None:
    """Costs .1 .2 .3 of the first text: with lambda 1 and no values, what is still to come of them."""
    costs = torch.tensor([[0.1, 0.2, 0.3, 5.0, 0.0, 0.4]])
    found = estimate(RETURNS, TEXTS, MASK, torch.zeros(1, 6), 1, 1, costs)[0].tolist()
    assert found == near(1 - 0.6, 1 - 0.5, 1 - 0.3, 0, -1.4, -1.4)
    # deltas -.1, -.2, 1 - .3 | 0, -1 - .4, each with 0.95 of what comes after
    faded = estimate(RETURNS, TEXTS, MASK, torch.zeros(1, 6), 1, 0.95, costs)[0].tolist()
    assert faded == near(-0.1 + 0.95 * (-0.2 + 0.95 * 0.7), -0.2 + 0.95 * 0.7, 0.7, 0, -0.95 * 1.4, -1.4)


def test_tokens_are_whitened_with_those_of_their_pool_alone() -> None:
    advantages = torch.tensor([[0.0, 0.5, 1.0, 7.0, 2.0, 4.0]])
    pools = torch.tensor([[0.0, 0, 0, 0, 1, 1]])
    assert whitened(advantages, pools, MASK)[0].tolist() == near(-1.22474, 0, 1.22474, 7, -1, 1)
    together = whitened(advantages, torch.zeros_like(pools), MASK)[MASK.bool()]
    assert float(together.mean()) == pytest.approx(0, abs=1e-6)
    assert float(together.std(correction=0)) == pytest.approx(1)
    assert whitened(torch.full((1, 6), 0.3), pools, MASK)[MASK.bool()].tolist() == [0.0] * 5
    assert whitened(advantages, pools, torch.zeros_like(MASK)).equal(advantages), "no pool, no whitening"


def test_a_value_is_drawn_to_its_target_no_further_than_the_clip() -> None:
    values, old, targets = torch.tensor([[0.9, 0.2]]), torch.tensor([[0.0, 0.1]]), torch.tensor([[1.0, 1.0]])
    mask = torch.ones(1, 2)
    free = value_loss(values, old, targets, mask, None, Totals.of(mask))
    assert float(free) == pytest.approx((0.01 + 0.64) / 4)
    clipped = value_loss(values, old, targets, mask, 0.5, Totals.of(mask))
    assert float(clipped) == pytest.approx((0.25 + 0.64) / 4)


def test_a_new_head_says_0() -> None:
    assert ValueHead(3)(torch.randn(2, 4, 3)).tolist() == [[0.0] * 4] * 2


@pytest.fixture
def model(tmp_path: Path) -> LlamaForCausalLM:
    shape = {"num_layers": 1, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2}
    write_tiny_llama(TinyLlama(**shape), 3, tmp_path / "model")
    return LlamaForCausalLM.from_pretrained(tmp_path / "model")


def critic_of(model: LlamaForCausalLM, **fields: Any) -> Critic:
    return Critic(Ppo(**fields), model, 1.0, torch.device("cpu"))


IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 8, 7, 6, 5]])
BATCH = {"return": torch.tensor([[1.0, 1, 1], [0, 0, 0]]), "return_mask": torch.ones(2, 3),
         "turn": torch.zeros(2, 3), "pool": torch.zeros(2, 3), "pool_mask": torch.ones(2, 3)}  # fmt: skip


def test_rewards_of_tokens_run_back_to_those_before_them() -> None:
    """Six tokens, +.2 on the second and third, -.2 on the fifth, 1 at the end (dense rewards of a critic)."""
    ones, last = torch.ones(1, 6), torch.ones(1, 6)
    costs = torch.tensor([[0.0, -0.2, -0.2, 0, 0.2, 0]])
    plain = estimate(last, torch.zeros(1, 6), ones, torch.zeros(1, 6), 1, 1, costs)[0].tolist()
    assert plain == near(1.2, 1.2, 1.0, 0.8, 0.8, 1)
    values = torch.tensor([[0.5, 0.5, 0.6, 0.6, 0.5, 0.7]])
    faded = estimate(last, torch.zeros(1, 6), ones, values, 1, 0.95, costs)[0].tolist()
    assert faded == near(0.6119, 0.6441, 0.3622, 0.17075, 0.2850, 0.3)


def test_credit_has_the_divergence_of_the_policy_that_drew(model: LlamaForCausalLM) -> None:
    logps = {"old_logps": torch.full((2, 3), -1.0), "reference_logps": torch.tensor([[-1.2] * 3, [-1.0] * 3])}
    flat = {"pool_mask": torch.zeros(2, 3)}
    told = critic_of(model, kl_token_reward=0.05).credit(BATCH | logps | flat, torch.zeros(2, 3))
    assert told["advantage"].tolist() == [near(1 - 0.03, 1 - 0.02, 1 - 0.01), near(0, 0, 0)]
    assert torch.equal(told["value_target"], told["advantage"]), "the head learns what is left of the return"


def trained(model: LlamaForCausalLM, critic: Critic, steps: int) -> float:
    """Mean value of the good row less that of the bad one, after so many steps on both."""
    for _ in range(steps):
        with critic.watching():
            model(IDS)
            values = critic.values(3)
        batch = BATCH | critic.credit(BATCH, values.detach())
        loss, _ = critic.loss(values, batch, Totals.of(BATCH["return_mask"]))
        loss.backward()
        critic.step()
    with critic.watching():
        model(IDS)
        told = critic.values(3).detach().mean(-1)
    return float(told[0] - told[1])


def test_the_head_learns_who_is_worth_more_and_the_trunk_as_much_as_it_is_told(model: LlamaForCausalLM) -> None:
    critic = critic_of(model, value_weight=0, value_learning_rate=0.05)
    assert trained(model, critic, 0) == 0
    assert trained(model, critic, 30) > 0.5
    assert all(not float(one.grad.abs().max()) for one in model.parameters() if one.grad is not None)
    model.zero_grad()
    listening = critic_of(model, value_weight=0.5, value_learning_rate=0.05)
    trained(model, listening, 2)  # the first step's head is 0, and so is its gradient
    assert any(float(one.grad.abs().max()) > 0 for one in model.parameters() if one.grad is not None)


def test_values_are_of_the_states_that_predict_their_tokens(model: LlamaForCausalLM) -> None:
    critic = critic_of(model, value_learning_rate=0.05)
    trained(model, critic, 3)
    with critic.watching():
        model(IDS)
        told = critic.values(3)
    with critic.watching():
        model(IDS[:, :-1])  # the last token is no part of the state that predicts it
        assert torch.allclose(critic.values(2)[:, -1], told[:, 1], atol=1e-6)


def test_it_goes_on_from_what_it_saved(model: LlamaForCausalLM, tmp_path: Path) -> None:
    straight = critic_of(model, value_weight=0)
    trained(model, straight, 2)
    straight.save(tmp_path)
    after = trained(model, straight, 3)
    other = critic_of(model, value_weight=0)
    other.read(tmp_path)
    assert trained(model, other, 3) == after
    with pytest.raises(EngineError, match="left no value head"):
        other.read(tmp_path / "model")
