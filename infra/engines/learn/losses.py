"""The loss of an online objective: kernels over the streams that it reads, each divided by numbers of the whole step.

Which kernels an objective is made of stands in `configs/schema/online/objectives.py`; what they compute, in `kernels/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Self

import torch
from trl.trainer.utils import add_fused_lm_head

from configs.schema.online.objectives import Nft, PolicyGradient, Ppo, Raft, Sdpo, StreamObjective
from configs.schema.train import Lora
from infra.engines.learn.kernels.distil import distil_loss, divergences_of_words, sampled_divergences
from infra.engines.learn.kernels.divergence import divergence_loss, divergences
from infra.engines.learn.kernels.likelihood import likelihood_loss
from infra.engines.learn.kernels.negative import Sided, negative_aware_loss
from infra.engines.learn.kernels.policy import Drawn, policy_loss
from infra.engines.learn.kernels.ratios import effective_rows, sampler_correction, sampler_gap
from infra.engines.learn.kernels.totals import Totals
from infra.engines.learn.request import LearnRequest
from infra.engines.train.setup import load_frozen

Batch = dict[str, torch.Tensor]
Sums = dict[str, tuple[Any, Any]]
"""by name of a metric: what is added up over the batches of a step, and what it is divided by"""
LEARNT = {Ppo: "return", PolicyGradient: "advantage", Nft: "nft_weight", Raft: "nll_weight", Sdpo: "distil"}
MAXIMA = ("sampler_gap_max",)
"""metrics that are the largest of a step's batches"""
"""the stream whose tokens an objective learns from"""


class Losses:
    """The kernels of one request.

    Args:
        frozen: the reference; None where there is none, or where the model without its adapter is the reference.

    Attributes:
        streams: that rows may have.
        reads_reference: whether log-probabilities of the reference are needed.
    """

    def __init__(self, request: LearnRequest, frozen: Any) -> None:
        self._request, self._frozen = request, frozen
        self.objective: StreamObjective = request.objective
        self.main = next(name for kind, name in LEARNT.items() if isinstance(self.objective, kind))
        more = {Nft: ("nft_p", "nft_right"), Ppo: ("turn", "pool")}.get(type(self.objective), ("turn",))
        self.streams = tuple(dict.fromkeys((self.main, *more, "kl_weight", "nll_weight")))
        self.reads_reference = request.reference is not None and self.objective.compares_tokens

    @classmethod
    def load(cls, request: LearnRequest, device: torch.device) -> Self:
        """With the reference on its device, where it is not the model that is trained, less its adapter."""
        needs = request.objective.compares_tokens or request.compares_drawn
        if request.reference is None or not needs or is_own_base(request):
            return cls(request, None)
        frozen = load_frozen(request, request.reference).to(device)
        inner = frozen.get_base_model() if hasattr(frozen, "peft_config") else frozen
        add_fused_lm_head(inner, temperature=request.temperature)
        return cls(request, frozen)

    def trained(self, batch: Batch) -> torch.Tensor:
        """1 where a token of an episode is learnt from."""
        return batch[f"{self.main}_mask"]

    def count(self, batch: Batch) -> int:
        """Tokens that are learnt from, those of derived rows too."""
        return int(((self.trained(batch) + batch["nll_weight_mask"]) > 0).sum())

    def reference_logps(self, trainer: Any, wave: Batch) -> torch.Tensor:
        """Log-probabilities of a wave's tokens under the reference."""
        if self._frozen is not None:
            found: torch.Tensor = trainer.logps_of(self._frozen, wave)
            return found
        model = trainer.accelerator.unwrap_model(trainer.model)
        with model.disable_adapter() if isinstance(self._request.tune, Lora) else nullcontext():
            return trainer.logps_of(trainer.model, wave)

    def of_batch(self, logps: torch.Tensor, batch: Batch, totals: Mapping[str, Totals]) -> tuple[torch.Tensor, Sums]:
        """The loss of a batch, which adds up to the step's, and numbers of it.

        Args:
            totals: of each stream, in the step.
        """
        old = batch.get("old_logps")
        old = logps.detach() if old is None else old
        mask = self.trained(batch)
        loss, sums = self._main_loss(logps, old, batch, totals[self.main])
        if self.reads_reference:
            reference, weights = batch["reference_logps"], batch["kl_weight"]
            estimate = self.objective.kl_estimate
            loss = loss + divergence_loss(logps, reference, weights, estimate, totals["kl_weight"])
            of_tokens = divergences(logps.detach(), reference, "k3") * mask
            sums["kl_reference"] = of_tokens.sum(), mask.sum()
        if self.main != "nll_weight" and batch["nll_weight_mask"].any():
            loss = loss + likelihood_loss(logps, batch["nll_weight"], totals["nll_weight"])
            sums["nll_derived"] = -(logps.detach() * batch["nll_weight_mask"]).sum(), batch["nll_weight_mask"].sum()
        if self._request.temperature == 1:  # the sampler's numbers are of that
            gaps = sampler_gap(old.detach(), batch["sampler_logps"], mask)
            sums["sampler_gap_mean"] = gaps.sum(), gaps.numel()
            if gaps.numel():
                sums["sampler_gap_max"] = gaps.max(), 1
        if "start_logps" in batch:
            gone = divergences(logps.detach(), batch["start_logps"], "k3") * mask
            sums["kl_start"] = gone.sum(), mask.sum()
        return loss, sums

    def _main_loss(self, logps: torch.Tensor, old: torch.Tensor, batch: Batch, totals: Totals) -> tuple[Any, Sums]:
        objective, mask = self.objective, self.trained(batch)
        if isinstance(objective, Raft):
            return likelihood_loss(logps, batch["nll_weight"], totals), {}
        if isinstance(objective, Nft):
            sided = Sided(logps, old, mask, batch["nft_p"], batch["nft_right"], batch["nft_weight"])
            return negative_aware_loss(sided, objective, totals), {}
        if isinstance(objective, Sdpo):
            return self._distilled(objective, logps, old, batch, totals)
        assert isinstance(objective, PolicyGradient)
        weights, sums = self._correction(old, batch, mask), Sums()
        drawn = Drawn(logps, old, batch["advantage"], mask, batch["turn"].long(), weights)
        found = policy_loss(drawn, objective, totals, self._request.max_tokens)
        sums["clip_low_share"] = found.num_low, mask.sum()
        sums["clip_high_share"] = found.num_high, mask.sum()
        if weights is not None and weights.shape[1] == 1:
            of_rows = weights[mask.any(-1)]
            sums["weight_ess"] = effective_rows(of_rows), of_rows.numel()
        return found.loss, sums

    def _distilled(
        self, objective: Sdpo, logps: torch.Tensor, old: torch.Tensor, batch: Batch, totals: Totals
    ) -> tuple[Any, Sums]:
        weights = batch["distil"]
        if objective.support == "sampled":
            heard = batch["teacher_words"].gather(-1, batch["completion_ids"].unsqueeze(-1)).squeeze(-1)
            losses = sampled_divergences(logps, heard)
        else:
            top_k = objective.top_k if objective.support == "top_k" else None
            losses = divergences_of_words(
                batch["words"], batch["teacher_words"], objective.alpha, top_k, has_tail=objective.tail
            )
        far = (losses.detach() * weights).sum()
        return distil_loss(losses, logps, old, weights, objective.cap, totals), {"divergence": (far, weights.sum())}

    def _correction(self, old: torch.Tensor, batch: Batch, mask: torch.Tensor) -> torch.Tensor | None:
        if self._request.temperature != 1:
            return None
        objective = self.objective
        return sampler_correction(
            old.detach(), batch["sampler_logps"], mask, objective.correction, objective.correction_cap
        )

    def totals(self, wave: Batch, steps: Sequence[Sequence[int]]) -> list[dict[str, Totals]]:
        """Of each stream, in each of the steps that share a wave.

        Args:
            wave: all its rows, those of other devices too.
            steps: places of their rows.
        """
        masks = {name: wave[f"{name}_mask"].bool() for name in self.streams}
        means = {name: float(mask.sum()) / len(steps) for name, mask in masks.items()}
        return [{name: _totals_of(mask[torch.tensor(step)], means[name]) for name, mask in masks.items()}
                for step in steps]  # fmt: skip


def _totals_of(mask: torch.Tensor, wave_tokens: float) -> Totals:
    return Totals(float(mask.any(-1).sum()), float(mask.sum()), wave_tokens)


def is_own_base(request: LearnRequest) -> bool:
    """Whether the reference is the trained model without its adapter."""
    reference = request.reference
    own = reference is not None and reference.adapter is None and reference.weights == request.model.weights
    return own and isinstance(request.tune, Lora)
