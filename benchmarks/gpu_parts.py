"""The parts of `gpu_day.py`, one a process: `python -m benchmarks.gpu_parts PART WEIGHTS FOLDER 0|1`.

A line of JSON on stdout for each figure; everything else goes to stderr.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.generation import Workload, pool_speed
from benchmarks.online import Waves, run_segment
from configs.schema.drawing import Sampling
from configs.schema.engine import VllmEngine
from configs.schema.train import Lora, Optimizer
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Completion,
    Read,
    Reading,
    Request,
    Score,
    Scoring,
)
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from infra.engines.wire import Shard
from infra.process.child import Child, engine_python

QUESTION = "Is this solution of the problem right? First write the steps, then compare. "
CHOICES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Setting:
    """Of one run of a part.

    Attributes:
        is_reduced: a few samples, on a CPU.
    """

    weights: Path
    folder: Path
    is_reduced: bool

    @property
    def model(self) -> ModelFiles:
        return ModelFiles(self.weights.name, self.weights)

    def engine(self, **options: Any) -> VllmEngine:
        small = {"max_num_seqs": 16, "cpu_kv_cache_gib": 1} if self.is_reduced else {}
        return VllmEngine(**{"devices": ("cuda:0",) if not self.is_reduced else ("cpu",), **small, **options})

    def of(self, full: int, reduced: int) -> int:
        return reduced if self.is_reduced else full


def say(what: str, value: float) -> None:
    print(json.dumps({"what": what, "value": value}), file=sys.__stdout__, flush=True)


def generation(setting: Setting) -> None:
    size = "least" if setting.is_reduced else "gpu"
    load = Workload("vllm", size)
    command = [engine_python(), "-m", "benchmarks.generation_bare", "vllm", str(setting.weights), size]
    found: dict[str, list[float]] = {"bare": [], "pool": []}
    with Child(command, log_path=setting.folder / "bare.log", stdin=True) as bare:
        bare.receive()
        for repeat in range(setting.of(3, 1)):
            bare.send({"repeat": repeat + 1})
            found["bare"] += (bare.receive() or {}).values()
    with LocalPool(load.engine, setting.model, setting.folder / "pool") as pool:
        pool_speed(pool, load, repeat=0)
        for repeat in range(setting.of(3, 1)):
            found["pool"].append(pool_speed(pool, load, repeat + 1))
    pairs = [own / other for own, other in zip(found["pool"], found["bare"], strict=True)]
    say(f"tokens a second of the pool / bare LLM.generate (median of {len(pairs)})", statistics.median(pairs))


def width(setting: Setting) -> None:
    load = Workload("vllm", "least" if setting.is_reduced else "gpu")
    speeds: list[float] = []
    for engine in (setting.engine(max_num_seqs=setting.of(256, 8)), load.engine):
        with LocalPool(engine, setting.model, setting.folder / f"width-{len(speeds)}") as pool:
            pool_speed(pool, load, repeat=0)
            speeds.append(statistics.median(pool_speed(pool, load, repeat) for repeat in range(1, setting.of(3, 2))))
    say("tokens a second with vLLM's own number of sequences / with 256", speeds[1] / speeds[0])


def choices(setting: Setting) -> None:
    questions = [f"{QUESTION * setting.of(12, 1)}Problem {number}." for number in range(setting.of(512, 4))]
    items = [
        Scoring(f"{number}/{one}", (("user", question),), one, with_end=False)
        for number, question in enumerate(questions)
        for one in CHOICES
    ]
    with LocalPool(setting.engine(), setting.model, setting.folder / "choices") as pool:
        pool.score(items[:4])
        together, scores = timed(lambda: pool.score(items))
        chat = chat_of(setting.model)
        asked = [
            Reading(item.id, tuple(chat.prompt_ids(item.messages)), tuple(chat.text_ids(item.completion)))
            for item in items
        ]
        alone, reads = timed(lambda: pool.read(asked))
    assert all(isinstance(one, Score) for one in scores) and all(isinstance(one, Read) for one in reads)
    say("seconds of choices asked for together / one by one as ends of prompts", together / alone)
    far = max(abs(one.logprob - other.logprob) for one, other in zip(scores, reads, strict=True))
    say("largest difference of a log-probability between the two", far)


def repeats(setting: Setting) -> None:
    requests = tuple(Request(f"{n}", (("user", f"Count from {n}."),), 4, seed=n) for n in range(setting.of(64, 4)))
    sampling, texts = Sampling(temperature=1.0, max_tokens=setting.of(128, 8)), []
    with LocalPool(setting.engine(), setting.model, setting.folder / "repeats") as pool:
        for number in range(2):
            ((_, rows),) = pool.generate([Shard(f"{number}", requests, sampling)])
            texts.append([row.text for row in rows if isinstance(row, Completion)])
    same = sum(one == other for one, other in zip(*texts, strict=True))
    say("share of texts that a second drawing repeats", same / len(texts[0]))


def training(setting: Setting) -> None:
    rows = write_rows(setting.folder / "rows.jsonl", setting.of(2048, 32))
    settings = {"batch_size": setting.of(16, 4), "max_steps": setting.of(100, 6), "learning_rate": 1e-4}
    seen: list[tuple[float, int]] = []
    request = TrainRequest(
        model=setting.model, tune=Lora(rank=16, alpha=32), optimizer=Optimizer(**settings, max_length=512), rows=rows,
        seed=0,
    )  # fmt: skip
    run_trainer(
        request, work_dir=setting.folder / "work", out_dir=setting.folder / "trained",
        on_progress=lambda line: seen.append((time.perf_counter(), line["step"])),
    )  # fmt: skip
    (first, first_step), (last, last_step) = seen[0], seen[-1]
    command = [sys.executable, "-m", "benchmarks.training_trl", str(setting.weights), str(rows), json.dumps(settings)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=sys.stderr, check=True)
    bare = json.loads(done.stdout.splitlines()[-1])["steps_a_second"]
    say("steps a second of the trainer / bare SFTTrainer", (last_step - first_step) / (last - first) / bare)


def merge(setting: Setting) -> None:
    from infra.engines.models.merge import save_loaded, save_merged

    trained = setting.folder / "trained"
    model = ModelFiles("trained", setting.weights, trained / "adapter", probe=trained / "probe.json")
    streamed, _ = timed(lambda: save_merged(model, setting.folder / "streamed"))
    loaded, _ = timed(lambda: save_loaded(model, setting.folder / "loaded"))
    say("seconds of a streamed merge / one with the model loaded", streamed / loaded)


def online(setting: Setting) -> None:
    """Waves of GRPO, drawn by the learner itself, and by a vLLM session whose adapter is loaded anew for each."""
    seconds = {}
    for where in ("learner", "session"):
        changes = {"engine": setting.engine(gpu_memory_utilization=0.4).model_dump(mode="json")}
        changes["online"] = {"sampler": {"where": where}}
        watch = Waves()
        with watch.watching():
            run_segment(str(setting.weights), setting.of(6, 3), setting.folder / where, changes)
        seconds[where] = statistics.median(watch.wholes[1:])
    say(
        "seconds of a wave drawn by a session beside the learner / by the learner",
        seconds["session"] / seconds["learner"],
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def chat_of(model: ModelFiles) -> Any:
    from infra.engines.chat.load import load_chat

    return load_chat(model)


def write_rows(path: Path, num_rows: int) -> Path:
    """Questions with worked answers of many lengths."""
    with path.open("w") as file:
        for number in range(num_rows):
            steps = "".join(f"{number} + {k} = {number + k}. " for k in range(1 + number * 7 % 24))
            row = {"messages": [{"role": "user", "content": f"Add to {number}, step by step."}], "weight": 1.0}
            file.write(json.dumps(row | {"completion": [{"text": steps, "weight": 1.0}]}) + "\n")
    return path


MEASURES = {part.__name__: part for part in (generation, width, choices, repeats, training, merge, online)}

if __name__ == "__main__":
    name, given, home, reduced = sys.argv[1:]
    with redirect_stdout(sys.stderr):
        MEASURES[name](Setting(Path(given), Path(home), bool(int(reduced))))
