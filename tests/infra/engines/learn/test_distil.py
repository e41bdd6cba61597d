"""Distillation by hand: divergences of one word, what is summed, and the copy of the weights that teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from configs.errors import EngineError
from infra.engines.learn.kernels.distil import distil_loss, divergences_of_words, sampled_divergences
from infra.engines.learn.kernels.totals import Totals
from infra.engines.learn.moving import MOVING, MovingCopy

pytestmark = pytest.mark.slow  # imports torch


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-4)


S, T = torch.tensor([[[0.7, 0.2, 0.1]]]).log(), torch.tensor([[[0.5, 0.3, 0.2]]]).log()


@pytest.mark.parametrize(("alpha", "value"), [(1.0, 0.0851), (0.0, 0.0920), (0.5, 0.0219), (0.25, 0.0168)])
def test_four_divergences_of_a_word(alpha: float, value: float) -> None:
    assert float(divergences_of_words(S, T, alpha, None)) == near(value)


def test_the_likeliest_words_alone_or_with_the_rest_as_one() -> None:
    assert float(divergences_of_words(S, T, 1.0, 2, has_tail=False)) == near(0.0538)
    assert float(divergences_of_words(S, T, 1.0, 2)) == near(0.0851), "one word is left: exact"
    assert float(divergences_of_words(S, T, 1.0, 3)) == near(0.0851)


def test_a_drawn_word_lowers_what_the_teacher_likes_less() -> None:
    logp = torch.tensor([[-1.0]], requires_grad=True)
    loss = sampled_divergences(logp, torch.tensor([[-1.6]]))
    loss.sum().backward()
    assert float(loss) == near(-0.6) and logp.grad is not None and float(logp.grad) == near(0.6)


def test_distillation_is_a_mean_over_what_has_a_weight_times_a_capped_ratio() -> None:
    losses, weights = torch.tensor([[0.1, 0.2, 9.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    logp, old = torch.log(torch.tensor([[0.5, 0.9, 0.5]])), torch.log(torch.tensor([[0.5, 0.3, 0.5]]))
    assert float(distil_loss(losses, logp, old, weights, 2.0, Totals.of(weights))) == near((0.1 + 0.2 * 2) / 2)


def model(value: float) -> torch.nn.Linear:
    made = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(made.weight, value)
    return made


def test_a_copy_moves_by_its_rate_and_is_written_as_it_is(tmp_path: Path) -> None:
    own = model(1.0)
    copy = MovingCopy(own)
    torch.nn.init.constant_(own.weight, 2.0)
    copy.rate = 0.05
    told = []
    for _ in range(2):
        copy.move()
        with copy.in_place():
            told.append(float(own(torch.ones(1))))
    assert told == [near(1.05), near(1.0975)] and float(own.weight) == 2.0
    copy.save(tmp_path)
    other = MovingCopy(model(0.0))
    other.load(tmp_path)
    again = tmp_path / "again"
    again.mkdir()
    other.save(again)
    assert (again / MOVING).read_bytes() == (tmp_path / MOVING).read_bytes()


def test_the_weights_are_back_after_an_error() -> None:
    own = model(1.0)
    copy = MovingCopy(own.train())
    torch.nn.init.constant_(own.weight, 2.0)
    with pytest.raises(LookupError), copy.in_place():
        assert not own.training and float(own.weight) == 1.0
        raise LookupError
    assert own.training and float(own.weight) == 2.0


def test_a_copy_that_is_missing_or_of_another_model_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="left no moving"):
        MovingCopy(model(1.0)).load(tmp_path)
    MovingCopy(torch.nn.Linear(2, 1, bias=False)).save(tmp_path)
    with pytest.raises(EngineError, match="of another model"):
        MovingCopy(model(1.0)).load(tmp_path)
