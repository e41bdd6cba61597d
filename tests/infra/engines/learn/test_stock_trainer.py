"""TRL's own GRPOTrainer computes the same losses and gradients from the same tensors; and the names of TRL that a
learner takes hold of are there."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from configs.schema.model import TinyLlama
from configs.schema.online.objectives import Cispo, Dapo, DrGrpo, Grpo, Gspo, Luspo, PolicyGradient, Sapo, Vespo
from infra.engines.learn.kernels.divergence import divergence_loss
from infra.engines.learn.kernels.policy import Drawn, entropy_bonus, policy_loss
from infra.engines.learn.kernels.ratios import sampler_correction
from infra.engines.learn.kernels.totals import Totals
from infra.engines.models.tiny_llama import write_tiny_llama

pytestmark = pytest.mark.slow

MAX_TOKENS = 6
OBJECTIVES: list[PolicyGradient] = [
    Grpo(clip_high=0.28), Grpo(loss="bnpo"), DrGrpo(), Dapo(), Dapo(delta=1.1), Gspo(clip_low=0.02, clip_high=0.03),
    Luspo(), Cispo(cap=1.05), Sapo(), Vespo(),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    shape = {"num_layers": 1, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2}
    write_tiny_llama(TinyLlama(**shape), 3, made)
    return made


def trainer_of(folder: Path, out: Path, objective: PolicyGradient, **options: Any) -> GRPOTrainer:
    """A trainer as TRL makes it, with the objective's settings under TRL's names."""
    told = {
        "loss_type": objective.loss,
        "importance_sampling_level": objective.ratio,
        "epsilon": objective.clip_low,
        "epsilon_high": getattr(objective, "cap", objective.clip_high),
        "delta": objective.delta,
        "beta": 0.0,
        "use_bias_correction_kl": False,
        "num_generations": 2,
        "per_device_train_batch_size": 4,
        "max_completion_length": MAX_TOKENS,
    }
    config = GRPOConfig(output_dir=str(out), report_to="none", use_cpu=True, bf16=False, **{**told, **options})
    model = LlamaForCausalLM.from_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    rows = Dataset.from_dict({"prompt": ["1+1="] * 4})
    return GRPOTrainer(model, lambda completions, **_: [0.0] * len(completions), config, rows, None, tokenizer)


@pytest.fixture
def tensors() -> Iterator[dict[str, torch.Tensor]]:
    """Four rows of up to six tokens, with gaps of texts from outside, and an old policy some way off."""
    generator = torch.Generator().manual_seed(11)
    lengths, outside = (6, 3, 5, 2), ((), (1,), (2, 3), ())
    mask = torch.tensor([[1] * length + [0] * (6 - length) for length in lengths])
    own = mask.clone()
    for row, places in enumerate(outside):
        own[row, list(places)] = 0
    yield {
        "prompt_ids": torch.randint(4, 14, (4, 3), generator=generator),
        "prompt_mask": torch.ones(4, 3, dtype=torch.long),
        "completion_ids": torch.randint(4, 14, (4, 6), generator=generator),
        "completion_mask": mask,
        "tool_mask": torch.where(mask.bool(), own, 1),
        "advantages": torch.randn(4, 6, generator=generator),
        "num_items_in_batch": own.sum(),
        "noise": 0.15 * torch.randn(4, 6, generator=generator),
        "reference": 0.3 * torch.randn(4, 6, generator=generator),
    }


def logps_of(trainer: GRPOTrainer, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    ids = torch.cat([tensors["prompt_ids"], tensors["completion_ids"]], 1)
    mask = torch.cat([tensors["prompt_mask"], tensors["completion_mask"]], 1)
    found, _, _ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, 6)
    return found


def gradients(trainer: GRPOTrainer, loss: torch.Tensor) -> torch.Tensor:
    trainer.model.zero_grad()
    loss.backward()
    return torch.cat([one.grad.flatten() for one in trainer.model.parameters()])


@pytest.mark.parametrize("has_sampler", [False, True], ids=["", "sampler"])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda one: f"{one.kind}-{one.loss}-{one.delta or ''}")
def test_loss_and_gradient_are_the_stock_trainers(
    folder: Path, tmp_path: Path, tensors: dict[str, torch.Tensor], objective: PolicyGradient, has_sampler: bool
) -> None:
    trainer = trainer_of(folder, tmp_path, objective)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    old = logps_of(trainer, tensors).detach() + tensors.pop("noise")
    reference, mask = tensors.pop("reference"), (tensors["completion_mask"] * tensors["tool_mask"]).float()
    weights = sampler_correction(old, old + reference, mask, "token_truncate", 1.2) if has_sampler else None
    inputs = {**tensors, "old_per_token_logps": old}
    if weights is not None:
        trainer.use_vllm, trainer.vllm_importance_sampling_correction = True, True
        inputs["importance_sampling_ratio"] = weights
    stock = trainer._compute_loss(trainer.model, inputs)
    expected = gradients(trainer, stock)
    drawn = Drawn(logps_of(trainer, tensors), old, tensors["advantages"], mask, weights=weights)
    own = policy_loss(drawn, objective, Totals.of(mask), MAX_TOKENS)
    assert own.loss.item() == pytest.approx(stock.item(), rel=1e-5, abs=1e-6)
    assert torch.allclose(gradients(trainer, own.loss), expected, rtol=1e-4, atol=1e-6) and expected.abs().max() > 1e-4
    if objective.loss in ("dapo", "grpo", "bnpo", "dr_grpo") and objective.delta is None:
        told = trainer._metrics["train"]
        assert own.num_low / mask.sum().item() == pytest.approx(told["clip_ratio/low_mean"][-1])
        assert own.num_high / mask.sum().item() == pytest.approx(told["clip_ratio/high_mean"][-1])


def test_the_divergence_is_the_stock_trainers(folder: Path, tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Of dapo, whose divisor is the divergence's own."""
    trainer = trainer_of(folder, tmp_path, Dapo())
    trainer.beta, trainer.current_gradient_accumulation_steps = 0.1, 1
    trainer.model.train()
    noise, reference = tensors.pop("noise"), tensors.pop("reference")
    old = logps_of(trainer, tensors).detach()
    mask = (tensors["completion_mask"] * tensors["tool_mask"]).float()
    told = {"old_per_token_logps": old + noise, "ref_per_token_logps": old + reference}
    stock = trainer._compute_loss(trainer.model, {**tensors, **told})
    expected, logp = gradients(trainer, stock), logps_of(trainer, tensors)
    totals = Totals.of(mask)
    own = policy_loss(Drawn(logp, old + noise, tensors["advantages"], mask), Dapo(), totals, MAX_TOKENS).loss
    own = own + divergence_loss(logp, old + reference, 0.1 * mask, "k3", totals)
    assert own.item() == pytest.approx(stock.item(), rel=1e-5)
    assert torch.allclose(gradients(trainer, own), expected, rtol=1e-4, atol=1e-6)


def test_the_entropy_bonus_is_the_stock_trainers(
    folder: Path, tmp_path: Path, tensors: dict[str, torch.Tensor]
) -> None:
    """A loss of entropy alone: no advantages, one step, whole."""
    stock = trainer_of(folder, tmp_path, Dapo(), entropy_coef=0.01)
    stock.model.train()
    stock.current_gradient_accumulation_steps = 1
    del tensors["noise"], tensors["reference"]
    told = {**tensors, "advantages": torch.zeros(4, 6), "old_per_token_logps": logps_of(stock, tensors).detach()}
    expected = stock._compute_loss(stock.model, told)
    mask = (tensors["completion_mask"] * tensors["tool_mask"]).float()
    ids = torch.cat([tensors["prompt_ids"], tensors["completion_ids"]], 1)
    seen = torch.cat([tensors["prompt_mask"], tensors["completion_mask"]], 1)
    _, entropies, _ = stock._get_per_token_logps_and_entropies(stock.model, ids, seen, 6, compute_entropy=True)
    own = entropy_bonus(entropies, mask, 0.01, Totals.of(mask))
    assert own.item() == pytest.approx(-expected.item(), rel=1e-5) and own.item() > 0
    assert torch.allclose(-gradients(stock, own), gradients(stock, expected), rtol=1e-4, atol=1e-7)


def test_the_names_of_trl_that_are_taken_hold_of_are_there() -> None:
    source = inspect.getsource(GRPOTrainer)
    for name in ("_prepare_inputs", "_compute_loss", "_get_per_token_logps_and_entropies", "get_gamma_weights",
                 "compute_loss"):  # fmt: skip
        assert callable(getattr(GRPOTrainer, name)), name
    assert "self._step += 1" in inspect.getsource(GRPOTrainer.training_step)
    for key in ("advantages", "tool_mask", "completion_mask", "num_items_in_batch", "old_per_token_logps",
                "importance_sampling_ratio", "ref_per_token_logps"):  # fmt: skip
        assert f'"{key}"' in source, key
    asked = inspect.signature(GRPOTrainer.get_gamma_weights).parameters
    assert {"advantages", "log_ratio_per_token", "mask", "importance_sampling_ratio", "k_pos"} <= set(asked)
    from trl.experimental.sdpo import loss_utils

    for name in ("add_tail_bucket", "apply_importance_sampling_clipping", "compute_divergence"):
        assert callable(getattr(loss_utils, name)), name
