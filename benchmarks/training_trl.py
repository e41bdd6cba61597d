"""TRL's side of a training's speed: SFTTrainer by itself, with the rows and settings of ours.

    python -m benchmarks.training_trl MODEL ROWS.jsonl SETTINGS

SETTINGS: JSON with batch_size, max_steps and learning_rate. Prints {"steps_a_second": ...}, from the end of the first.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main(folder: Path, rows: Path, settings: dict[str, Any]) -> None:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from infra.engines.devices import limit_threads

    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times.append(time.perf_counter())

    examples = [
        {"prompt": row["messages"], "completion": [{"role": "assistant", "content": row["completion"][0]["text"]}]}
        for row in map(json.loads, rows.read_text().splitlines())
    ]
    has_gpu = torch.cuda.is_available()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16 if has_gpu else torch.float32)
    limit_threads(model)
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out, report_to="none", per_device_train_batch_size=settings["batch_size"],
            max_steps=settings["max_steps"], learning_rate=settings["learning_rate"], save_strategy="no",
            use_cpu=not has_gpu, bf16=has_gpu, max_length=512, gradient_checkpointing=False,
        )  # fmt: skip
        trainer = SFTTrainer(
            model, args=config, train_dataset=Dataset.from_list(examples), callbacks=[Clock()],
            processing_class=AutoTokenizer.from_pretrained(folder),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"),
        )  # fmt: skip
        trainer.train()
    print(json.dumps({"steps_a_second": (len(times) - 1) / (times[-1] - times[0])}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
