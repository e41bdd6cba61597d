"""The stream of numbers that a training phase writes, one JSON line a step. Used inside `train_program.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

PROGRESS_SECONDS = 0.2


class MetricsStream(TrainerCallback):
    """Appends a line a step: step, loss, learning_rate, tokens, and what the objective adds.

    Tells the starter about it now and then.

    Args:
        added: name in the line -> name in TRL's log; null in a step whose log has none.
        step_tokens: gives the completion tokens of the latest step.
    """

    def __init__(
        self,
        path: Path,
        added: Mapping[str, str],
        step_tokens: Callable[[], int],
        send: Callable[[dict[str, Any]], None],
    ) -> None:
        self.path = path
        self.added = added
        self.step_tokens = step_tokens
        self.send = send
        self.latest = 0.0

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        if not state.is_world_process_zero or "loss" not in logs:  # the last log of all is a summary
            return
        line = {
            "step": state.global_step,
            "loss": logs["loss"],
            "learning_rate": logs["learning_rate"],
            "tokens": self.step_tokens(),
            **{name: logs.get(logged) for name, logged in self.added.items()},
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        now = time.monotonic()
        if now - self.latest >= PROGRESS_SECONDS or state.global_step == state.max_steps:
            self.latest = now
            self.send({**line, "num_steps": state.max_steps})


def read_metrics(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rewind_metrics(path: Path, step: int) -> None:
    """Drop what comes after a step, a line cut off by a kill included: training goes on from there."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    path.write_text("".join(lines[:step]), encoding="utf-8")
