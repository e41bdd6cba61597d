"""Batches without their padding: the same log-probabilities, and little that is computed for nothing.

That the steps of every objective are those of padded batches is held in `test_ranks.py`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from configs.errors import EngineError
from infra.engines.train.packing import MOST_COMPUTED, Packed, arrange, check_packing, pack_batches

pytestmark = pytest.mark.slow


def lengths_of_a_batch(seed: int, num_examples: int) -> list[int]:
    draw = random.Random(seed)
    return [max(1, min(4096, int(draw.lognormvariate(5.7, 1)))) for _ in range(num_examples)]


@pytest.mark.parametrize("num_examples", [1, 2, 3, 16, 64])
def test_every_example_lies_in_one_row_and_little_is_padded(num_examples: int) -> None:
    for seed in range(50):
        lengths = lengths_of_a_batch(seed, num_examples)
        rows = arrange(lengths)
        assert sorted(example for row in rows for example in row) == list(range(num_examples))
        longest = max(sum(lengths[example] for example in row) for row in rows)
        assert len(rows) * longest <= MOST_COMPUTED * sum(lengths)


def test_equal_lengths_stay_rows_of_their_own_and_one_row_can_be_asked_for() -> None:
    assert arrange([7] * 5) == [[0], [1], [2], [3], [4]]
    assert arrange([5, 1, 1, 1, 1, 1]) == [[0], [1, 2, 3, 4, 5]]
    assert arrange([5, 1, 2], is_one=True) == [[0, 2, 1]]


def test_what_is_packed_comes_back_to_its_place() -> None:
    """Five tokens, two, and three that begin late, as where rows are padded on the left."""
    import torch

    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    ids = torch.arange(1, 16).view(3, 5)
    packed = Packed.of(mask)
    assert packed.pack(ids, 0).tolist() == [[1, 2, 3, 4, 5], [13, 14, 15, 6, 7]]
    assert packed.positions.tolist() == [[0, 1, 2, 3, 4], [0, 1, 2, 0, 1]]
    assert packed.unpack(packed.pack(ids, 0)).tolist() == (ids * mask).tolist()
    one = Packed.of(mask[:2], is_one=True)
    assert one.pack(ids[:2], 0).tolist() == [[1, 2, 3, 4, 5, 6, 7]]


def test_log_probabilities_and_gradients_are_those_of_padded_batches(base: Path) -> None:
    """All outputs that a trainer reads, of examples of five lengths, and the gradient of a weighted sum of them."""
    import torch
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    draw = torch.Generator().manual_seed(0)
    lengths = [31, 5, 17, 9, 2]
    mask = torch.tensor([[1] * length + [0] * (31 - length) for length in lengths])
    ids = torch.randint(3, 12, mask.shape, generator=draw) * mask
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :2] = -100
    labels[4, 1] = ids[4, 1]
    wanted = ("log_probs", "entropy", "is_top1")
    weights = torch.rand(5, 30, generator=draw)
    found = []
    for is_packed in (False, True):
        model = AutoModelForCausalLM.from_pretrained(base)
        add_fused_lm_head(model, outputs=wanted)
        if is_packed:
            pack_batches(model)
        outputs = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False, fused_lm_head=True)
        (outputs.log_probs * weights).sum().backward()
        gradients = [weight.grad for weight in model.parameters()]
        found.append(([*(outputs[name].float() for name in (*wanted, "label_mask"))], gradients))
    (padded, of_padded), (packed, of_packed) = found
    assert padded[0].abs().sum() > 1 and all(grad is not None for grad in of_packed)
    for one, other in zip([*padded, *of_padded], [*packed, *of_packed], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=2e-5)


def test_a_model_that_carries_a_state_is_refused(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, MambaConfig, MambaForCausalLM

    check_packing(AutoModelForCausalLM.from_pretrained(base), [3, 4, 5, 6, 7], "tiny")
    torch.manual_seed(0)
    config = MambaConfig(vocab_size=20, hidden_size=16, num_hidden_layers=2, state_size=4, initializer_range=0.5)
    with pytest.raises(EngineError, match="batching: packed: tiny-mamba cannot be packed"):
        check_packing(MambaForCausalLM(config), [3, 4, 5, 6, 7], "tiny-mamba")
