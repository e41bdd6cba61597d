"""Optimizer steps whose examples lie on several devices (`layout.py`). Base of all trainers, see `steps.py`.

To the library a step is one batch here: the item that the loader gives is the list of the step's backward passes, and
`training_step` goes through them. On one device the library cuts steps itself, and nothing of this is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler

from infra.engines.train import group
from infra.engines.train.layout import Layout, Piece
from infra.engines.train.shared_checkpoints import SharedCheckpoints


class StepOrder(Sampler[list[Piece]]):
    """The steps of an epoch, in the order in which one device would have taken the examples."""

    def __init__(self, layout: Layout, num_examples: int, seed: int | None) -> None:
        self.layout, self.num_examples, self.seed = layout, num_examples, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.layout.num_steps(self.num_examples)

    def __iter__(self) -> Iterator[list[Piece]]:
        yield from self.layout.steps(self._order(), group.rank())

    def _order(self) -> Sequence[int]:
        """As accelerate's sampler shuffles for one device; without a seed the rows' own."""
        if self.seed is None:
            return range(self.num_examples)
        shuffled = torch.Generator().manual_seed(self.seed + self.epoch)
        order: list[int] = torch.randperm(self.num_examples, generator=shuffled).tolist()
        return order


class StepLoader(DataLoader[Any]):
    """A loader whose order follows the epoch."""

    def set_epoch(self, epoch: int) -> None:
        order = self.batch_sampler
        assert isinstance(order, StepOrder)
        order.set_epoch(epoch)


class Pieces(torch.utils.data.Dataset[list[dict[str, Any]]]):
    """Rows, asked for piece by piece."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __getitem__(self, piece: Any) -> Any:
        return [self.rows[number] for number in piece.examples], piece.share


class SharedSteps(SharedCheckpoints):
    """A trainer whose steps may lie on several devices.

    To be mixed into a trainer of TRL, left of it.
    """

    layout: Layout | None = None
    """None: one device"""
    shares: Sequence[float] = ()
    """what each batch of the step at hand counts for on this device; empty: 1"""
    share: float = 1.0
    """what the batch at hand counts for on this device"""

    def get_train_dataloader(self) -> DataLoader[Any]:
        if self.layout is None:
            return super().get_train_dataloader()
        is_shuffled = self.args.train_sampling_strategy == "random"
        order = StepOrder(self.layout, len(self.train_dataset), self.args.data_seed if is_shuffled else None)
        return StepLoader(Pieces(self.train_dataset), batch_sampler=order, collate_fn=self._collate)

    def _collate(self, pieces: list[tuple[list[dict[str, Any]], float]]) -> list[tuple[dict[str, Any], float]]:
        return [(self.data_collator(rows), share) for rows, share in pieces]

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> Any:
        if self.layout is None:
            return super().get_batch_samples(epoch_iterator, num_batches, device)
        step = next(epoch_iterator)
        self.shares = [share for _, share in step]
        batches = [batch for batch, _ in step]
        return [batches], self._get_num_items_in_batch(batches, device)

    def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        if self.layout is None:
            return super().training_step(model, inputs, *args, **kwargs)
        self.current_gradient_accumulation_steps = len(inputs)
        loss = torch.zeros((), device=self.args.device)
        for number, (batch, share) in enumerate(zip(inputs, self.shares, strict=True), 1):
            self.share = share
            with self.accelerator.no_sync(model) if number < len(inputs) else nullcontext():
                loss += super().training_step(model, batch, *args, **kwargs)
        return loss

    def floating_point_ops(self, inputs: Any) -> int:
        return 0 if self.layout is not None else super().floating_point_ops(inputs)

    def num_over_devices(self, counts: Sequence[int], device: torch.device) -> int:
        """The sum over the batches of a step, on all devices; what every device computes is counted once.

        Args:
            counts: a number for each batch of the step on this device.
        """
        own = zip(counts, self.shares or [1.0] * len(counts), strict=True)
        counted = sum(count for count, share in own if share == 1 or group.is_first())
        return int(self.accelerator.gather(torch.tensor([counted], device=device)).sum())
