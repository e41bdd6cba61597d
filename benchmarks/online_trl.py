"""TRL's side of `online.py` and `online_against_trl.py`: GRPOTrainer by itself, in a process of its own.

draw MODEL SIZE OUT: generation of a wave. Commands: {"repeat": n}; answers: {"speed": tokens a second}. Before them one
that means that the model is loaded.
train MODEL PROBLEMS.parquet OUT SEED WAVES: trains, and writes OUT/model.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

from configs.schema.verifiers.kinds import NumberVerifier
from infra.engines.models.model_files import ModelFiles
from infra.process.protocol import Channel
from tasks.core.records import FinishReason, Problem, Sample
from tasks.core.tables import read_records
from tasks.judge.verifiers.registry import build_verifier

OPTIONS: dict[str, Any] = {
    "problems": 32, "group": 8, "steps_per_wave": 4, "rows": 64, "max_tokens": 32, "learning_rate": 3e-4,
    "warmup_share": 0.1,
}  # fmt: skip
"""of both sides where they train"""
GROUP = 8
SIZES = {"tiny": (32, 32, "{}+{}="), "real": (4, 32, "What is {} plus {}? Explain each step.")}
"""problems of a drawn wave, most tokens of a text, and what is asked"""


def prompts_of(size: str, repeat: int) -> list[str]:
    """The questions of a drawn wave."""
    problems, _, question = SIZES[size]
    return [question.format(number, 7 * number) for number in range(10 + 40 * repeat, 10 + 40 * repeat + problems)]


def sample_of(problem: Problem, text: str) -> Sample:
    """A text as the verifier is shown it."""
    return Sample(f"{problem.id}/0", problem.id, 0, text, FinishReason.STOP, len(text), 0.0, "model")


def make_trainer(folder: Path, rows: Any, reward: Any, **options: Any) -> Any:
    """TRL's trainer; what is not written is its default."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from infra.engines.devices import limit_threads
    from infra.engines.learn.grpo import GRPOConfig, GRPOTrainer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    limit_threads(model)
    config = GRPOConfig(
        report_to="none", use_cpu=True, bf16=False, temperature=1.0, gradient_checkpointing=False, save_strategy="no",
        **options,
    )  # fmt: skip
    return GRPOTrainer(model, reward, config, rows, None, AutoTokenizer.from_pretrained(folder))


def draw(folder: Path, size: str, out: Path) -> None:
    """Serve waves until the input ends."""
    from datasets import Dataset

    from infra.engines.chat.load import load_chat

    channel = Channel(commands=True)
    chat = load_chat(ModelFiles(folder.name, folder))
    trainer = make_trainer(
        folder, Dataset.from_dict({"prompt": prompts_of(size, 0)}), lambda completions, **_: [0.0] * len(completions),
        output_dir=str(out), num_generations=GROUP, max_completion_length=SIZES[size][1], max_steps=1,
        per_device_train_batch_size=GROUP,
    )  # fmt: skip
    channel.send({"kind": "loaded"})
    while (command := channel.receive()) is not None:
        started = time.perf_counter()
        asked = [chat.prompt_ids((("user", prompt),)) for prompt in prompts_of(size, command["repeat"])]
        ids = [one for one in asked for _ in range(GROUP)]
        texts, _ = trainer._generate_single_turn(ids, None, {}, GROUP)
        channel.send({"speed": sum(map(len, texts)) / (time.perf_counter() - started)})


def train(folder: Path, problems: Path, out: Path, seed: int, waves: int) -> None:
    """GRPO with TRL's generation, rewards and trainer."""
    from datasets import Dataset

    known = {problem.id: problem for problem in read_records(problems, Problem)}
    verify = build_verifier(NumberVerifier())

    def reward(completions: Any, completion_ids: Any, name: list[str], **_: Any) -> list[float]:
        texts = [completion[0]["content"] for completion in completions]
        ended = [ids[-1] in trainer.eos_token_ids for ids in completion_ids]  # what was cut off is never right here
        return [float(is_whole and bool(verify((known[one], sample_of(known[one], text))).is_correct))
                for one, text, is_whole in zip(name, texts, ended, strict=True)]  # fmt: skip

    rows = [{"prompt": [{"role": message.role, "content": message.content} for message in problem.messages],
             "name": problem.id} for problem in known.values()]  # fmt: skip
    steps = waves * OPTIONS["steps_per_wave"]
    trainer = make_trainer(
        folder, Dataset.from_list(rows), reward, output_dir=str(out / "trl"), seed=seed, data_seed=seed,
        max_steps=steps, learning_rate=OPTIONS["learning_rate"], lr_scheduler_type="linear", weight_decay=0.0,
        warmup_steps=math.ceil(OPTIONS["warmup_share"] * steps), per_device_train_batch_size=OPTIONS["rows"],
        steps_per_generation=OPTIONS["steps_per_wave"], num_generations=OPTIONS["group"], loss_type="grpo",
        gradient_accumulation_steps=1, max_completion_length=OPTIONS["max_tokens"], beta=0.0, epsilon=0.2,
    )  # fmt: skip
    trainer.train()
    trainer.save_model(str(out / "model"))


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "draw":
        draw(Path(words[0]), words[1], Path(words[2]))
    else:
        train(Path(words[0]), Path(words[1]), Path(words[2]), int(words[3]), int(words[4]))
