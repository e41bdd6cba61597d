"""Processes that do the runs of a study. A run that fails is a line of the study; one that takes its process with it
costs no other run."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from configs.errors import GuardError, NoDataError
from configs.schema.study_runs import StudyRun
from infra.process.child import Child

MAX_RUNS = 20
"""of one process: libraries keep a little of each"""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        counts: its rounds count, for it ended by itself: as it should, or early by its data or a guard.
        reason: why it ended before its budget was spent; empty where it did not.
    """

    counts: bool = True
    reason: str = ""


class RunProcess:
    """A process that does one run after the other, started when there is one.

    Args:
        path: the study's file.
        logs: folder; each run has a file of its name there.

    Attributes:
        run: what it does; None: nothing.
    """

    def __init__(self, path: Path, logs: Path) -> None:
        self._path, self._logs = path.absolute(), logs
        self._child: Child | None = None
        self._num_runs = 0
        self._begun = 0.0
        self.run: StudyRun | None = None

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._begun

    def begin(self, run: StudyRun) -> None:
        """Do this run."""
        self.run, self._begun = run, time.monotonic()
        child = self._ready()
        child.send({"method": run.method, "seed": run.seed, "task": run.task, "log": str(self._log(run))})
        self._num_runs += 1

    def ending(self) -> Ending | None:
        """How the run ended, told once; None: it goes on."""
        assert self.run is not None and self._child is not None, "begun"
        try:
            answer = self._child.receive(timeout=0)
        except EOFError:
            ending = Ending(counts=False, reason=f"{self._child.ending()}: its log is {self._log(self.run)}")
            self.close()
        else:
            if answer is None:
                return None
            ending = _told(answer["status"], answer["said"])
        self.run = None
        return ending

    def close(self) -> None:
        """End the process, and whatever its run has started."""
        if self._child is not None:
            self._child.kill()
        self._child, self._num_runs = None, 0

    def _ready(self) -> Child:
        if self._child is None or self._child.poll() is not None or self._num_runs >= MAX_RUNS:
            self.close()
            command = [sys.executable, "-m", "flows.study.run_program", str(self._path)]
            self._child = Child(command, log_path=self._logs / f"{self._path.stem}.log", stdin=True)
        return self._child

    def _log(self, run: StudyRun) -> Path:
        return self._logs / f"{run.name}.log"


def _told(status: int, said: str) -> Ending:
    if status == 0:
        return Ending()
    if status in (NoDataError.exit_status, GuardError.exit_status):
        return Ending(reason=said)
    return Ending(counts=False, reason=f"exit status {status}: {said}")
