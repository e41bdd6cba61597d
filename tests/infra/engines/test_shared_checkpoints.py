"""Parts of checkpoints: what comes back is what was there, and what is missing is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.distributed.checkpoint import CheckpointException

from infra.engines.train.shared_checkpoints import read_parts, write_parts

pytestmark = pytest.mark.slow


class Experts(torch.nn.Module):
    """Two linear layers, of which one is used."""

    def __init__(self, names: tuple[str, ...] = ("used", "idle")) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleDict({name: torch.nn.Linear(2, 1, bias=False) for name in names})


def made(names: tuple[str, ...] = ("used", "idle")) -> tuple[Experts, torch.optim.AdamW]:
    model = Experts(names)
    return model, torch.optim.AdamW(model.parameters(), lr=0.1)


def step(model: Experts, optimizer: torch.optim.Optimizer, *names: str) -> None:
    for name in names:
        model.layers[name](torch.tensor([[1.0, -2.0]])).sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def test_a_weight_that_was_not_used_has_its_first_step_before_it(tmp_path: Path) -> None:
    model, optimizer = made()
    step(model, optimizer, "used")
    write_parts(model, optimizer, tmp_path)
    again, its_optimizer = made()
    read_parts(again, its_optimizer, tmp_path)
    assert [float(value["step"]) for value in its_optimizer.state.values()] == [1.0]
    for one, its in ((model, optimizer), (again, its_optimizer)):
        step(one, its, "used", "idle")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_weight_that_is_missing_is_told(tmp_path: Path) -> None:
    model, optimizer = made(("used",))
    step(model, optimizer, "used")
    write_parts(model, optimizer, tmp_path)
    other, its_optimizer = made()
    with pytest.raises(CheckpointException, match="idle"):
        read_parts(other, its_optimizer, tmp_path)
