"""Tokens that training computes for each token of an example, padded and packed. Run: python -m benchmarks.packing

Examples of 150 tokens of prompt and lognormal completions (mean 300, cut at 2,048), in batches of 16 in random order,
go forward and backward through a tiny Llama; so do pairs, whose sides have lengths of their own. Counted is what
reaches the model's embedding. Promise: packed at most 1.05 (`train.batching: packed`). The ratio of CPU seconds is of
this model, in which attention weighs more than in a large one.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any

from configs.schema.model import TinyLlama
from infra.engines.models.build import build_model

NUM_ROWS, BATCH_SIZE = 96, 16
PROMPT, LONGEST = 150, 2048
BOUND = 1.05
TINY = TinyLlama(hidden_size=64, intermediate_size=128, num_layers=1, max_length=PROMPT + LONGEST)


def main() -> None:
    """Measure examples and pairs, padded and packed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        build_model(
            TinyLlama(hidden_size=64, intermediate_size=128, num_layers=1, max_length=PROMPT + LONGEST),
            0,
            home / "model",
            work_dir=home / "build",
        )
        for name, batches in (("examples", batches_of_examples()), ("pairs", batches_of_pairs())):
            padded, packed = (measure(home / "model", batches, is_packed) for is_packed in (False, True))
            print(
                f"{name}: {padded[0]:.2f} tokens computed for each where padded, {packed[0]:.3f} where packed "
                f"(at most {BOUND}); {padded[1] / packed[1]:.1f} times as fast"
            )


def draw_length(draw: random.Random) -> int:
    """Tokens of a completion; mean about 300."""
    return max(1, min(LONGEST, int(draw.lognormvariate(5.2, 1))))


def batches_of_examples() -> list[list[dict[str, Any]]]:
    draw = random.Random(0)
    rows = [_row(draw, draw_length(draw)) for _ in range(NUM_ROWS)]
    return [rows[start : start + BATCH_SIZE] for start in range(0, NUM_ROWS, BATCH_SIZE)]


def batches_of_pairs() -> list[list[dict[str, Any]]]:
    """Both sides of a pair in one batch, as its loss needs them."""
    draw = random.Random(1)
    pairs = [[_row(draw, draw_length(draw)) for _ in range(2)] for _ in range(NUM_ROWS // 2)]
    size = BATCH_SIZE // 2
    return [[row for pair in pairs[start : start + size] for row in pair] for start in range(0, len(pairs), size)]


def _row(draw: random.Random, length: int) -> dict[str, Any]:
    ids = [draw.randrange(3, 12) for _ in range(PROMPT + length)]
    return {"input_ids": ids, "labels": [-100] * PROMPT + ids[PROMPT:], "weight": 1.0}


def measure(model_folder: Path, batches: list[list[dict[str, Any]]], is_packed: bool) -> tuple[float, float]:
    """Tokens computed for each token of an example, and CPU seconds."""
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    from infra.engines.train.objectives.sft import WeightedCollator
    from infra.engines.train.packing import pack_batches

    model = AutoModelForCausalLM.from_pretrained(model_folder)
    add_fused_lm_head(model)
    if is_packed:
        pack_batches(model)
    computed: list[int] = []
    model.get_input_embeddings().register_forward_hook(lambda module, given, found: computed.append(given[0].numel()))
    collate = WeightedCollator(pad_token_id=0)
    started = time.process_time()
    for batch in batches:
        inputs = {name: value for name, value in collate(batch).items() if name != "weight"}
        model(**inputs, use_cache=False, fused_lm_head=True).log_probs.sum().backward()
    seconds = time.process_time() - started
    return sum(computed) / sum(len(row["input_ids"]) for batch in batches for row in batch), seconds


if __name__ == "__main__":
    main()
