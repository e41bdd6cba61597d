"""A segment's learner on the control side: it draws and scores as a pool does, and trains on the rows of a wave.

    with Learner(Here(request), work_dir, out_dir) as learner:
        while (wave := learner.wanted()) is not None:
            ...                                         draw with learner.generate, judge, publish
            learner.train(rows, seed)
        report = learner.report

One child process a device, which train together; the first of them draws, scores, and writes. The end of one before
its work is done is an error: the same call goes on from the newest checkpoint in `work_dir`, and on a CPU ends with the
same bytes as a straight run on as many devices.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from configs import errors
from configs.errors import EngineEndedError, EngineError, MachineLostError, UserError
from infra.engines.learn.request import LearnReport
from infra.engines.learn.work import LearnerHome
from infra.engines.patience import Patience
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Read,
    Reading,
    Row,
    Score,
    Scoring,
    Tokens,
)
from infra.engines.wire import (
    Job,
    Message,
    OnProgress,
    ReadingJob,
    ScoringJob,
    Shard,
    read_rows,
    write_job,
)
from infra.process.child import Inbox

GO_ON = "run the same command again, which goes on from here"


def read_tokens(row: dict[str, Any]) -> Tokens | Missing:
    """A row of an answer to `encode`."""
    return Missing(**row) if "reason" in row else Tokens(tuple(row["prompt"]), tuple(row["written"]), ())


class Learner:
    """The live weights of one segment. A `pool.Pool` besides; not for use by several threads.

    Args:
        home: where its processes are.
        work_dir: logs; of processes that are here, checkpoints and the growing metrics, too.
        out_dir: the result: `adapter/` or `model/`, `optimizer/` where it is carried on, `metrics.jsonl`.
        on_step: called with a step's numbers now and then.

    Attributes:
        report: of the segment, once `wanted` gave None.
    """

    def __init__(
        self,
        home: LearnerHome,
        work_dir: Path,
        out_dir: Path,
        on_step: Callable[[Message], None] = lambda line: None,
    ) -> None:
        self.report: LearnReport | None = None
        self.num_loads = 1
        self._on_step = on_step
        self._inbox: Inbox = queue.SimpleQueue()
        self._name = home.name
        self._ranks = home.start(work_dir, out_dir, self._inbox)
        self._patience = Patience(home.engine)
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def wanted(self) -> int | None:
        """Wait for the learner to be done with what it has: the number of the wave that it wants, or None at its end.

        Raises:
            EngineError: it cannot be trained, or ended.
        """
        while True:
            message = self._next()
            if message["kind"] == "want":
                wave: int = message["wave"]
                return wave
            if message["kind"] == "done":
                self.report = LearnReport(**message["report"])
                return None

    def ask_copy(self, is_asked: bool) -> None:
        """Whether the moving copy of the weights draws and scores from now on, or they themselves."""
        self._send({"kind": "copy", "is_asked": is_asked})

    def follow(self, wave: int) -> None:
        """What draws has the weights of this wave: they are its own."""

    def export(self, folder: Path) -> None:
        """Have the live weights written: `adapter/` or `model/`, and what they say of a text.

        Raises:
            EngineError: it ended, or there is no room.
        """
        self._send({"kind": "export", "folder": str(folder)})
        while self._next()["kind"] != "exported":
            pass

    def train(self, rows: Path, seed: int, rate: float = 0.0) -> None:
        """Hand over a wave's rows (`rows.py`).

        Args:
            seed: of their order, and of dropout.
            rate: of the moving copy of the weights, where there is one.
        """
        self._patience.sign_of_life()
        self._ranks.hand_over(rows, {"kind": "train", "seed": seed, "rate": rate})

    def keep(self, wave: int) -> None:
        """Keep the weights of the moment, with all that goes on with them, as those before this wave; what was kept
        before is given up."""
        self._send({"kind": "keep", "wave": wave})

    def stop(self, wave: int | None = None) -> None:
        """No more waves: the learner writes its result, and `wanted` gives None.

        Args:
            wave: the result is what was kept before this wave; None: what it has now.
        """
        self._patience.sign_of_life()
        self._ranks.send_to_all({"kind": "stop", "wave": wave})

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        """Draw from the live weights; completions say their tokens. See `pool.Pool`."""
        for shard in shards:
            yield shard, [row for row in self._ask(shard) if isinstance(row, (Completion, Missing))]

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        """Log-probabilities under the live weights. See `pool.Pool`."""
        rows = self._ask(ScoringJob("score", tuple(items))) if items else []
        found = {row.id: row for row in rows if isinstance(row, (Score, Missing))}
        return [found[item.id] for item in items]

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        """Log-probabilities of given tokens under the live weights. See `pool.Pool`."""
        rows = self._ask(ReadingJob("read", tuple(items))) if items else []
        found = {row.id: row for row in rows if isinstance(row, (Read, Missing))}
        return [found[item.id] for item in items]

    def encode(self, items: Sequence[Scoring]) -> list[Tokens | Missing]:
        """Token ids of chats and of turns that answer them, the end included, in order; no log-probabilities."""
        if not items:
            return []
        self._send({"kind": "encode", "requests": list(map(asdict, items))})
        while (message := self._next())["kind"] != "encoded":
            pass
        return [read_tokens(row) for row in message["rows"]]

    def compare(self, rows: Sequence[Tokens]) -> list[tuple[float, ...]]:
        """Of each row log p - log p_ref of its written tokens, in nats, at the temperature of training: of the live
        weights, and of the reference that the request names."""
        if not rows:
            return []
        told = [{"prompt": row.prompt, "written": row.written} for row in rows]
        self._send({"kind": "compare", "rows": told})
        while (message := self._next())["kind"] != "compared":
            pass
        return [tuple(gaps) for gaps in message["rows"]]

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        """Not a learner's work."""
        raise EngineError(f"the learner of model '{self._name}' rates nothing", "write engine: {kind: reward}")

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        """Not a learner's work."""
        raise EngineError(f"the learner of model '{self._name}' gives no vectors", "write engine: {kind: embedding}")

    def spending(self) -> dict[str, float]:
        return {"learner_loads": self.num_loads}

    def close(self) -> None:
        """End the processes, whatever they do."""
        if self._is_open:
            self._is_open = False
            self._ranks.close()

    def _ask(self, job: Job) -> list[Row]:
        self._send(write_job(job))
        rows: list[dict[str, Any]] = []
        while True:
            message = self._next()
            if message["kind"] == "rows":
                rows += message["rows"]
            elif message["kind"] == "finished":
                return read_rows(job.kind, rows)

    def _send(self, message: Message) -> None:
        """Ask something: silence counts from here, for meanwhile others may have worked for hours."""
        self._patience.sign_of_life()
        self._ranks.send(message)

    def _next(self) -> Message:
        """The next message; steps are passed on.

        Raises:
            UserError: what the learner says of the request or the rows.
            EngineError: it ended, or was silent for too long and is killed.
        """
        try:
            _, message = self._inbox.get(timeout=self._patience.left())
        except queue.Empty:
            what, field = self._patience.describe()
            words = f"{what}, and is killed: {self._ranks.log_tail()}"
            fix = f"see the log; where it is rightly silent for longer, write a larger {field}"
            raise self._error(words, fix, EngineEndedError) from None
        if message is None and (lost := self._ranks.lost_machine()) is not None:
            raise self._error(f"lost its machine: {lost}", GO_ON, MachineLostError)
        if message is None:
            kind = EngineEndedError if self._ranks.was_killed() else EngineError
            raise self._error(
                f"ended before its work was done: {self._ranks.describe_end()}",
                f"{GO_ON}; where it ends so again, see the log, free memory, or write a smaller train.batch_size",
                kind,
            )
        self._patience.sign_of_life()
        if message["kind"] == "ready":
            self._patience.loaded()
        if message["kind"] == "error":
            told = getattr(errors, message["name"], UserError)
            raise told(f"{message['message']}\n  log: {message['log']}", message["fix"])
        if message["kind"] == "step":
            self._on_step(message)
        return message

    def _error(self, what: str, fix: str, kind: type[EngineError] = EngineError) -> EngineError:
        self.close()
        return kind(f"the learner of model '{self._name}' {what}", fix)
