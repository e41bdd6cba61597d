"""The value head of a segment: it sits on the policy's trunk, has its own optimizer, and goes on with checkpoints and
from segment to segment. Used inside `learner_program.py`.

    trunk (forward) -> states -> values -> credit of the wave, before it is trained on
                                        -> value loss of each batch, whose gradient reaches the head in full, and the
                                           trunk `value_weight` times
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch
from torch import distributed
from transformers import TrainerCallback

from configs.errors import EngineError
from configs.schema.online.objectives import Ppo
from infra.engines.learn.kernels.totals import Totals
from infra.engines.learn.kernels.value import ValueHead, estimate, value_loss, whitened
from infra.engines.learn.request import LearnRequest
from infra.engines.train import group

VALUE_HEAD = "value_head.pt"
Batch = dict[str, torch.Tensor]
Sums = dict[str, tuple[Any, Any]]


class Critic:
    """A value head and what trains it.

    Args:
        model: the policy, its adapter inside; its trunk is listened to while `watching`.
    """

    def __init__(self, objective: Ppo, model: Any, max_grad_norm: float, device: torch.device) -> None:
        self._objective, self._max_grad_norm = objective, max_grad_norm
        self._head = ValueHead(model.config.get_text_config().hidden_size).to(device)
        self._optimizer = torch.optim.AdamW(self._head.parameters(), lr=objective.value_learning_rate, weight_decay=0)
        self._states: list[torch.Tensor] | None = None
        model.get_decoder().register_forward_hook(self._listen)

    @classmethod
    def load(cls, request: LearnRequest, model: Any, device: torch.device) -> Self | None:
        """None where the objective has no value head."""
        if not isinstance(request.objective, Ppo):
            return None
        return cls(request.objective, model, request.optimizer.max_grad_norm, device)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """States of the forward passes inside are kept until `values` is asked."""
        self._states = []
        try:
            yield
        finally:
            self._states = None

    def values(self, width: int, is_alone: bool = False) -> torch.Tensor:
        """Of the last `width` tokens of the rows that went through the trunk while watching, (rows, width).

        Args:
            is_alone: nothing of their loss reaches the trunk.
        """
        assert self._states is not None, "inside of watching alone"
        states = torch.cat(self._states)[:, -width - 1 : -1]
        weight = self._objective.value_weight
        if is_alone:
            states = states.detach()
        told: torch.Tensor = self._head(states.detach() + weight * (states - states.detach()))
        return told

    def credit(self, wave: Batch, values: torch.Tensor) -> Batch:
        """What is learnt from a wave: `advantage`, and `value_target` and `old_values` of the head.

        Args:
            wave: with `old_logps`, and `reference_logps` where each token's reward has a divergence.
        """
        objective, mask = self._objective, wave["return_mask"]
        costs: torch.Tensor | float = 0.0
        if objective.kl_token_reward:
            costs = objective.kl_token_reward * (wave["old_logps"] - wave["reference_logps"]) * mask
        found = estimate(wave["return"], wave["turn"], mask, values, objective.discount, objective.gae_lambda, costs)
        return {
            "advantage": whitened(found, wave["pool"], wave["pool_mask"] * mask),
            "value_target": (found + values) * mask,
            "old_values": values,
        }

    def loss(self, values: torch.Tensor, batch: Batch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        """Of a batch, which adds up to the step's, and numbers of it: how far the head was from its target before the
        wave, in its own loss and squared, and how large advantages are."""
        mask, old, target = batch["return_mask"], batch["old_values"], batch["value_target"]
        found = value_loss(values, old, target, mask, self._objective.value_clip, totals)
        count = mask.sum()
        return found, {
            "value_mean": ((old * mask).sum(), count),
            "value_error": ((((old - target) ** 2) * mask).sum(), count),
            "advantage_abs": ((batch["advantage"].abs() * mask).sum(), count),
        }

    def trains_alone(self, step: int) -> bool:
        """Whether the policy stays as it is in a step, counted from 0 over the run of segments."""
        return step < self._objective.value_first_steps

    def step(self) -> None:
        """Train the head by the gradients of the step at hand, meaned over devices as those of the policy are."""
        for weights in self._head.parameters():
            if group.size() > 1 and weights.grad is not None:
                distributed.all_reduce(weights.grad)
                weights.grad /= group.size()
        torch.nn.utils.clip_grad_norm_(self._head.parameters(), self._max_grad_norm)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def save(self, folder: Path) -> None:
        """Write the head and its optimizer."""
        torch.save({"head": self._head.state_dict(), "optimizer": self._optimizer.state_dict()}, folder / VALUE_HEAD)

    def read(self, folder: Path) -> None:
        """Inverse of `save`.

        Raises:
            EngineError: nothing was saved there.
        """
        path = folder / VALUE_HEAD
        if not path.is_file():
            raise EngineError(
                "the segment before left no value head, and this one goes on with its optimizer",
                "keep train.objective the same over all rounds, or write train: {start_from: previous}",
            )
        content = torch.load(path, map_location="cpu", weights_only=True)
        self._head.load_state_dict(content["head"])
        self._optimizer.load_state_dict(content["optimizer"])

    def _listen(self, module: Any, inputs: Any, outputs: Any) -> None:
        if self._states is not None:
            self._states.append(outputs[0])


class CriticSteps(TrainerCallback):
    """The head steps, is saved and comes back with the policy.

    Args:
        carried: folder `optimizer/` of the segment before; None at the beginning of a run of segments.
    """

    def __init__(self, critic: Critic, carried: Path | None) -> None:
        self._critic, self._carried = critic, carried

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step > 0:
            self._critic.read(Path(args.output_dir) / f"checkpoint-{state.global_step}")
        elif self._carried is not None:
            self._critic.read(self._carried)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._critic.step()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if group.is_first():
            self._critic.save(Path(args.output_dir) / f"checkpoint-{state.global_step}")
