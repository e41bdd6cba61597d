"""How well the production scheduler uses 1 to 1,024 GPUs. Run: python -m benchmarks.scale [--samples 1000000]

1. Seconds of the processor that the control side takes for a sample, from an engine's message to the file in the
   store: `Answers` over `LocalPool`, with engines that answer at once (CPU seconds of one core of this machine).
2. A simulation in virtual time (`scale_simulated.py`) of engines that draw 10,000 tokens a second, 100 at most of
   one sequence, 512 sequences together, 300 tokens a sample (lognormal, cut at 2,048), 32 draws of a problem, 64
   problems a shard: speeds that are to be measured on the first GPU. Efficiency is the time that all tokens take at
   full speed over the time that the fleet takes, loads of models left out. Once with a control side that costs
   nothing, which shows the scheduler alone, and once with the cost that 1. found.
3. The same with engines that die once an hour, and with one engine in sixteen at a quarter of the others' speed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.scale_simulated import Fleet, Simulation, lengths_of
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Request
from infra.engines.wire import ROWS_A_MESSAGE, Message
from infra.process.child import Inbox
from infra.store.folder import FolderStore
from tasks.core.answers import Answerer, Answers
from tasks.core.contents import Contents
from tasks.core.ledger import Ledger
from tasks.core.progress import Silent

SIZES = (1, 8, 64, 256, 1024)
TARGETS = {8: 0.97, 64: 0.95, 256: 0.85}
TEXT = "First we add the two numbers, then we take away what was given, and that is all. " * 15
"""about 300 tokens"""
QUESTION = (("user", "Ada has 12 apples and gives away 5 of them to each of her two sisters. How many are left?" * 3),)


def main() -> None:
    """Measure the control side, simulate fleets, and print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000, help="of the simulated stage")
    parser.add_argument("--measured", type=int, default=65_536, help="samples of the first measurement")
    parser.add_argument("--gpus", type=int, nargs="+", default=SIZES, help="sizes of the fleets")
    parser.add_argument("--trouble", action="store_true", help="engines that die or are slow, too")
    arguments = parser.parse_args()
    cost = median(control_seconds(arguments.measured // 4) for _ in range(4))
    print(f"control side: {cost * 1e6:.0f} us of a processor a sample")
    print("GPUs  efficiency  target" + ("  deaths  slow ones" if arguments.trouble else ""))
    for size in arguments.gpus:
        fleet = Fleet(size, sample_seconds=cost)
        slow = frozenset(range(0, size, 16)) if size > 1 else frozenset()
        troubled = (replace(fleet, deaths_an_hour=1.0), replace(fleet, slow=slow)) if arguments.trouble else ()
        target = f"{TARGETS[size]:.2f}" if size in TARGETS else "-"
        found = [f"{efficiency(one, arguments.samples):.3f}" for one in (fleet, *troubled)]
        print(f"{size:4}  {found[0]:>10}  {target:>6}", *(f"{one:>7}" for one in found[1:]), flush=True)


def efficiency(fleet: Fleet, num_samples: int) -> float:
    """Time of all tokens at the speed of all engines, over the time that the fleet took."""
    speed = fleet.tokens_a_second * (fleet.num_engines - 0.75 * len(fleet.slow))
    return num_samples * mean_length() / speed / Simulation(fleet, num_samples).run()


def mean_length(num_drawn: int = 200_000) -> float:
    """Mean tokens of the simulated samples."""
    lengths = lengths_of(1)
    return sum(lengths() for _ in range(num_drawn)) / num_drawn


class AtOnce:
    """A transport whose engine answers at once. See `infra/engines/transport.py`.

    Attributes:
        own_seconds: CPU seconds that it took itself, to write what an engine's process would.
    """

    own_seconds = 0.0

    def __init__(self, log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> None:
        self._inbox = inbox

    @property
    def source(self) -> object:
        return self

    def send(self, message: Message) -> None:
        if message["kind"] == "load":
            self._inbox.put((self, {"kind": "ready"}))
            return
        started = time.process_time()
        lines = [json.dumps(one).encode() for one in _answers(message)]
        AtOnce.own_seconds += time.process_time() - started
        for line in lines:
            self._inbox.put((self, json.loads(line)))  # as the thread of a child does that reads its pipe

    def describe_end(self) -> str:
        return "it does not end"

    def was_killed(self) -> bool:
        return False

    def lost_machine(self) -> None:
        return None

    def log_tail(self) -> str:
        return ""

    def close(self, *, politely: bool) -> bool:
        return True


def _answers(job: Message) -> list[Message]:
    """What a session program says of a job."""
    rows: list[dict[str, Any]] = [
        {"request_id": one["id"], "index": draw, "text": f"{draw} {TEXT}", "finish_reason": "stop", "num_tokens": 300,
         "logprob": -99.5, "stop_text": None, "tokens": None}
        for one in job["requests"] for draw in range(one["first"], one["first"] + one["num_samples"])
    ]  # fmt: skip
    parts = (rows[start : start + ROWS_A_MESSAGE] for start in range(0, len(rows), ROWS_A_MESSAGE))
    return [*({"kind": "rows", "name": job["name"], "rows": part} for part in parts),
            {"kind": "finished", "name": job["name"]}]  # fmt: skip


def control_seconds(num_samples: int, num_draws: int = 32) -> float:
    """CPU seconds of this process for a sample: asked, read, published in shards of 64 problems, and read back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = TransformersEngine(devices=tuple(f"cuda:{number}" for number in range(8)), batch_size=512)
        ledger = Ledger(FolderStore(folder / "store"), folder / "work", {})
        pool = LocalPool(engine, _Anything("any", folder), folder / "logs", start=AtOnce)
        answers = Answers(ledger, "scale/round-001/generate/answers", 64, Silent(), Contents(ledger, folder))
        asked = [Request(f"p{number}", (*QUESTION, ("user", f"{number}")), num_draws, seed=number)
                 for number in range(num_samples // num_draws)]  # fmt: skip
        AtOnce.own_seconds, started = 0.0, time.process_time()
        with pool:
            told = sum(len(rows) for _, rows in answers.ask(Answerer("any", lambda: pool), Sampling(), asked))
        assert told == len(asked) * num_draws
        return (time.process_time() - started - AtOnce.own_seconds) / told


class _Anything(ModelFiles):
    """A model that no engine loads."""

    def check(self) -> None:
        pass


if __name__ == "__main__":
    main()
