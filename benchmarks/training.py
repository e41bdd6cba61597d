"""Training speed: the trainer child against a bare PyTorch loop on the same model, rows, batches and threads.

    python benchmarks/training.py

Prints tokens a second of both over the steps alone, and what a phase costs besides its steps.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path

from configs.schema.model import TinyLlama
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.build import build_model
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tasks.sample.problems.arithmetic import write_addition

NUM_ROWS, BATCH_SIZE, NUM_STEPS = 1600, 32, 150


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        build_model(TinyLlama(), 0, home / "model", work_dir=home / "build")
        rows = write_rows(home / "rows.jsonl")
        trained, whole = time_trainer(home, rows)
        bare = time_bare(home / "model", rows)
    print(f"bare loop     {bare:8.0f} tokens/s")
    print(f"trainer       {trained:8.0f} tokens/s   {trained / bare:.0%} of the bare loop")
    print(f"whole phase   {whole:8.1f} s for {NUM_STEPS} steps, start of the process and imports included")


def write_rows(path: Path) -> Path:
    generator = random.Random(0)
    with path.open("w") as file:
        for _ in range(NUM_ROWS):
            prompt, solution = write_addition(generator.randrange(10, 100), generator.randrange(10, 100))
            messages = [{"role": "user", "content": prompt}]
            completion = [{"text": solution, "weight": 1.0}]
            file.write(json.dumps({"messages": messages, "completion": completion, "weight": 1.0}) + "\n")
    return path


def time_trainer(home: Path, rows: Path) -> tuple[float, float]:
    """Tokens a second between the first and the last message of the child, and seconds of the whole phase."""
    seen: list[tuple[float, int]] = []
    request = TrainRequest(
        model=ModelFiles("tiny", home / "model"),
        tune=FullWeights(),
        optimizer=Optimizer(batch_size=BATCH_SIZE, max_steps=NUM_STEPS),
        rows=rows,
        seed=0,
    )
    started = time.perf_counter()
    run_trainer(
        request,
        work_dir=home / "work",
        out_dir=home / "out",
        on_progress=lambda line: seen.append((time.perf_counter(), line["step"])),
    )
    whole = time.perf_counter() - started
    (first, first_step), (last, last_step) = seen[0], seen[-1]
    steps = [json.loads(line)["tokens"] for line in (home / "out/metrics.jsonl").read_text().splitlines()]
    return sum(steps[first_step:last_step]) / (last - first), whole


def time_bare(model_folder: Path, rows: Path) -> float:
    """Completion tokens a second of the same steps, without any trainer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from infra.engines.chat.load import make_chat
    from infra.engines.devices import limit_threads
    from infra.engines.train.objectives.sft import EXAMPLES, WeightedCollator
    from infra.engines.train.rows import Encoder, read_rows

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder).train()
    limit_threads(model)
    encoder = Encoder(make_chat(tokenizer, ModelFiles("tiny", model_folder)), 128)
    encoded = [row for one in read_rows(rows, EXAMPLES.columns) if (row := EXAMPLES.encode(one, encoder)) is not None]
    collate = WeightedCollator(pad_token_id=tokenizer.pad_token_id)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)
    num_tokens, started = 0, time.perf_counter()
    for step in range(NUM_STEPS):
        start = step * BATCH_SIZE % NUM_ROWS
        batch = collate([dict(row) for row in encoded[start : start + BATCH_SIZE]])
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
        labels = batch["labels"][:, 1:]
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        num_tokens += int((labels != -100).sum())
    return num_tokens / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
