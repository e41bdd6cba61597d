"""Every stage of a round on made rows, as its task runs it: what `linear.py` measures.

A stage is a function of a `Place`, whose workbench has a store of its own; what a stage reads was published there by
those before it. No model is loaded: an engine that answers at once writes the texts.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.judging import REASONING
from benchmarks.scale import AtOnce
from configs.schema.load import check_recipe
from configs.schema.model import TinyLlama
from configs.schema.recipe import Recipe
from configs.schema.train import FullWeights, Optimizer
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.wire import ROWS_A_MESSAGE, Message
from infra.process.child import Inbox
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.files import DROPS, TRAIN_SET
from tasks.core.ledger import Ledger
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.sources import source_of
from tasks.evaluate.task import evaluate
from tasks.judge.task import judge
from tasks.learn.rows import ROW_KINDS, write_rows
from tasks.monitor.task import monitor
from tasks.report.build import draw_sample_rows
from tasks.sample.problems.task import prepare_problems
from tasks.sample.task import generate
from tasks.select.join import open_groups
from tasks.select.task import select

NUM_DRAWS = 16
NUM_HELD_OUT = 400
MAX_LENGTH = 4096
MODEL = ModelRef(name="made", digest="0" * 64, external="/made")
CAST = Cast(base=MODEL, seed=None, previous=None, round_start=MODEL, live=MODEL)
MESSAGES_IN_A_PIPE = 4
STORY = "A baker sells rolls and cakes on every day of the week, and writes down how many of each he sold. " * 3


@dataclass(frozen=True)
class Place:
    """A folder with the rows of one recipe.

    Attributes:
        size: samples of its round; with `held_out`, problems of its held-out sets instead.
        kind: of its objective.
    """

    folder: Path
    size: int
    kind: str = "sft"
    held_out: bool = False

    @cached_property
    def bench(self) -> Workbench:
        self.folder.mkdir(parents=True, exist_ok=True)
        recipe = self.recipe()
        bench = Workbench(recipe, Ledger(FolderStore(self.folder / "store"), self.folder / "work", {}), self.folder)
        files = _Anything("made", self.folder)
        pool = LocalPool(recipe.engine, files, self.folder / "logs", start=Writer)
        bench.pools.lend(MODEL.digest, recipe.engine, pool)
        return bench

    def recipe(self) -> Recipe:
        """Answers are judged by rule and by vote; of what is kept rows are made and weighed, or pairs."""
        pairs: dict[str, Any] = {"pair": {"kind": "right_vs_wrong"}, "select": [{"kind": "judged"}]}
        examples = {"weigh": {"kind": "entropy"}, "select": [{"kind": "correct"}, {"kind": "cap", "per_problem": 8}]}
        num_train = NUM_HELD_OUT if self.held_out else self.size // NUM_DRAWS
        num_held_out = self.size // 2 if self.held_out else NUM_HELD_OUT
        sizes = {"train": num_train, "select": num_held_out, "report": num_held_out}
        return check_recipe({
            "name": "linear", "model": {"kind": "tiny_llama"},
            "problems": {part: self._problems(part, size) for part, size in sizes.items()},
            "generate": {"num_samples": NUM_DRAWS, "max_tokens": 99},
            "engine": {"kind": "transformers", "devices": ["cpu"], "batch_size": 64},
            "judge": [{"kind": "answer"}, {"kind": "vote"}],
            "train": {"objective": {"kind": self.kind}},
            **(pairs if self.kind == "dpo" else examples),
        })  # fmt: skip

    def _problems(self, part: str, size: int) -> dict[str, Any]:
        path = self.folder / f"{part}.jsonl"
        if not path.exists():
            with path.open("w", encoding="utf-8") as file:
                for number in range(size):
                    question = f"{STORY}On day {number} of his {part} year he sold how many?"
                    file.write(json.dumps({"question": question, "answer": str(number)}) + "\n")
        return {"path": path.name, "mapping": {"answer": {"field": "answer"}}}

    @cached_property
    def problems(self) -> StepRef:
        return prepare_problems(self.bench, 0)

    @cached_property
    def generated(self) -> StepRef:
        return generate(self.bench, 1, MODEL, self.problems, CAST)

    @cached_property
    def judged(self) -> StepRef:
        return judge(self.bench, 1, self.generated, self.problems, CAST)

    @cached_property
    def selected(self) -> StepRef:
        return select(self.bench, 1, [self.generated], [self.judged], self.problems)

    def before(self, name: str) -> None:
        """Have everything that a stage reads."""
        needed = {"generate": "problems", "judge": "generated", "select": "judged", "evaluate": "problems"}
        getattr(self, needed.get(name, "" if name == "problems" else "selected"), None)
        if name == "token rows":
            self.write_training_rows()
            self.make_model()

    def write_report_rows(self) -> None:
        """Texts that a round's report shows."""
        known = {row.id: row for row in TRAIN_SET.read(self.bench.ledger, self.problems)}
        sources = [source_of(self.bench.ledger, self.generated, self.judged)]
        groups = open_groups(sources, known, [judge.name for judge in self.bench.recipe.judge])
        assert draw_sample_rows(groups(), DROPS.read(self.bench.ledger, self.selected))

    def write_training_rows(self) -> None:
        """What the train stage hands to the trainer."""
        kind = ROW_KINDS[self.bench.recipe.train.objective.rows]
        rows = map(kind.write, kind.table.read(self.bench.ledger, self.selected))
        assert write_rows(self.folder / "rows.jsonl", rows)

    def encode_rows(self) -> None:
        """What the trainer makes of them before its first step."""
        from infra.engines.train.prepare import load_rows, remove_rows
        from infra.engines.train.setup import load_tokenizer

        files, objective = ModelFiles("made", self.folder / "model"), self.bench.recipe.train.offline_objective
        request = TrainRequest(
            model=files, tune=FullWeights(), optimizer=Optimizer(max_length=MAX_LENGTH), seed=0, objective=objective,
            rows=self.folder / "rows.jsonl", reference=files if objective.needs_reference else None,
        )  # fmt: skip
        remove_rows(self.folder)
        rows, _ = load_rows(request, load_tokenizer(files), self.folder)
        assert len(rows) and sum(1 for _ in rows)

    def make_model(self) -> None:
        """A folder with a tokenizer, which knows no more than characters."""
        from infra.engines.models.tiny_llama import write_tiny_llama

        config = TinyLlama(hidden_size=8, intermediate_size=8, num_layers=1, num_heads=1, max_length=MAX_LENGTH)
        write_tiny_llama(config, 0, self.folder / "model")


STAGES: dict[str, Callable[[Place], object]] = {
    "problems": lambda place: place.problems,
    "generate": lambda place: place.generated,
    "judge": lambda place: place.judged,
    "select": lambda place: place.selected,
    "monitor": lambda place: monitor(
        place.bench, 1, [place.generated], [place.judged], place.selected, place.problems, None
    ),
    "report": Place.write_report_rows,
    "training rows": Place.write_training_rows,
    "token rows": Place.encode_rows,
    "evaluate": lambda place: evaluate(place.bench, 1, MODEL, place.problems, CAST),
}
"""in the order of a round"""


class Writer(AtOnce):
    """An engine that is right half of the time, and never twice the same. It writes when it is read, as one does whose
    pipe is full: what it has not written yet takes no memory of the flow's process."""

    def __init__(self, log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> None:
        super().__init__(log_path, env, forks, inbox)
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def send(self, message: Message) -> None:
        if message["kind"] == "load":
            self._inbox.put((self, {"kind": "ready"}))
        else:
            self._jobs.put(message)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            rows = _rows(job)
            while part := list(islice(rows, ROWS_A_MESSAGE)):
                self._tell({"kind": "rows", "name": job["name"], "rows": part})
            self._tell({"kind": "finished", "name": job["name"]})

    def _tell(self, message: Message) -> None:
        while self._inbox.qsize() >= MESSAGES_IN_A_PIPE:
            time.sleep(0.001)
        self._inbox.put((self, json.loads(json.dumps(message))))


def _rows(job: Message) -> Iterator[Message]:
    for one in job["requests"]:
        if job["kind"] == "score":
            yield {"id": one["id"], "logprob": -9.5, "num_tokens": 9}
            continue
        day = int(one["messages"][-1][1].partition("On day ")[2].partition(" ")[0])
        for draw in range(one["first"], one["first"] + one["num_samples"]):
            text = f"Try {draw} of {day}. {REASONING}So the answer is {day + draw % 2 * (draw + 1)}"
            yield {"request_id": one["id"], "index": draw, "text": text, "num_tokens": 180, "logprob": -42.5,
                   "finish_reason": "length" if draw == 15 else "stop", "stop_text": None, "tokens": None}  # fmt: skip


class _Anything(ModelFiles):
    """A model that no engine loads."""

    def check(self) -> None:
        pass
