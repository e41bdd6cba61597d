"""Where a learner answers: between two waves it draws and scores with its live weights, until it is told to train.

Used inside `learner_program.py`. Commands: jobs (`wire.write_job`), {"kind": "encode", "requests"}, {"kind": "compare",
"rows"} (with the reference), {"kind": "copy", "is_asked"} (whether the moving copy of the weights answers, or they
themselves), {"kind": "export", "folder"}, {"kind": "keep", "wave"}, {"kind": "train", "path", "seed", "rate"} and
{"kind": "stop", "wave"}. Answers: those of a session to jobs (`session_program.py`), {"kind": "encoded", "rows"},
{"kind": "compared", "rows"}, {"kind": "exported"}, and {"kind": "want", "wave"} where the learner waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.engines.generate.transformers_runner import TransformersRunner
from infra.engines.learn.export import Export
from infra.engines.learn.moving import MovingCopy
from infra.engines.learn.rows import StreamRow
from infra.engines.questions import Missing, Scoring
from infra.engines.runner import Progress
from infra.engines.session_program import ProgressReport, finish
from infra.engines.wire import Message, ScoringJob, read_job
from infra.process.protocol import Channel


class SegmentEnds(Exception):
    """The conductor wants no more steps.

    Attributes:
        wave: the result is what was kept before this wave; None: what there is now.
    """

    def __init__(self, wave: int | None) -> None:
        super().__init__(wave)
        self.wave = wave


class Desk:
    """Answers the conductor while the trainer waits for its next rows.

    Attributes:
        compare: (rows) -> of each, how far its tokens are from the reference; the trainer's, which holds that.
        keep: writes, beside the checkpoints, what the result would be if the segment ended before the wave of this
            number.

    Args:
        runner: draws and scores with `model`.
        model: the trained model, whose dropout is off while it draws.
        moving: a copy of the weights that may be asked in their place.
        export: writes the live weights.
        alive_seconds: without other news a sign of life is sent this often.
    """

    compare: Callable[[Sequence[StreamRow]], list[list[float]]]
    keep: Callable[[int], None]

    def __init__(
        self,
        channel: Channel,
        runner: TransformersRunner,
        model: Any,
        export: Export,
        alive_seconds: float,
        moving: MovingCopy | None = None,
    ) -> None:
        self._channel, self._runner, self._model, self._moving = channel, runner, model, moving
        self._export = export
        self._copied = ExitStack()
        self._report = ProgressReport(channel, alive_seconds)

    def next_wave(self, wave: int) -> tuple[Path, int, float]:
        """The file with a wave's rows, the seed of their order and of dropout, and the rate of the moving copy.

        Raises:
            SegmentEnds: there are none.
        """
        was_training = self._model.training
        self._model.eval()
        self._channel.send({"kind": "want", "wave": wave})
        try:
            command = self._serve()
        finally:
            self._model.train(was_training)
        if command["kind"] == "stop":
            raise SegmentEnds(command["wave"])
        return Path(command["path"]), command["seed"], command["rate"]

    def say_alive(self) -> None:
        """Called between two batches of training."""
        self._report.say_alive()

    def _ask_copy(self, is_asked: bool) -> None:
        """The runner is idle: what was asked before is answered."""
        self._copied.close()
        if is_asked:
            assert self._moving is not None, "the request has a moving copy"
            self._copied.enter_context(self._moving.in_place())

    def _encode(self, command: Message) -> None:
        job = read_job({**command, "kind": ScoringJob.kind, "name": "encode"})
        questions = [question for question in job.requests if isinstance(question, Scoring)]
        rows = [
            asdict(row) if isinstance(row, Missing) else {"prompt": row[0], "written": row[1]}
            for row in self._runner.encode(questions)
        ]
        self._channel.send({"kind": "encoded", "rows": rows})

    def _serve(self) -> Message:
        while True:
            while (command := self._channel.receive(None if self._runner.is_idle else 0)) is not None:
                if command["kind"] in ("train", "stop"):
                    return command
                if command["kind"] == "encode":
                    self._encode(command)
                elif command["kind"] == "compare":
                    rows = [StreamRow(row["prompt"], row["written"], (), ()) for row in command["rows"]]
                    self._channel.send({"kind": "compared", "rows": self.compare(rows)})
                elif command["kind"] == "keep":
                    self.keep(command["wave"])
                elif command["kind"] == "copy":
                    self._ask_copy(command["is_asked"])
                elif command["kind"] == "export":
                    self._export.write(Path(command["folder"]))
                    self._channel.send({"kind": "exported"})
                else:
                    self._runner.submit(read_job(command))
            for event in self._runner.step():
                if isinstance(event, Progress):
                    self._report.add(event)
                else:
                    self._report.send(event.name)
                    finish(self._channel, event)
            self._report.say_alive()
