"""A demo-shaped experiment small enough for tests: a 20,000-parameter model, one-digit sums, seconds a stage."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import yaml

from tests.flows.command import VARIABLES, run_command

ROOT = Path(__file__).parents[2]
SELFLOOP = Path(sys.executable).with_name("selfloop")


def micro_recipe(**sections: Any) -> dict[str, Any]:
    """The recipe as a mapping; keyword arguments replace sections. Runs of one store, which tests compare, compute all
    that they need themselves."""
    sums = {"kind": "addition", "digits": [1]}
    optimizer = {
        "learning_rate": 3e-3,
        "batch_size": 16,
        "max_length": 64,
        "schedule": "constant",
        "tune": {"kind": "full"},
    }
    return {
        "name": "micro",
        "model": {"kind": "tiny_llama", "hidden_size": 32, "intermediate_size": 64, "num_layers": 2, "num_heads": 2,
                  "max_length": 64},
        "engine": {"kind": "transformers", "batch_size": 64},
        "problems": {"train": {**sums, "num_problems": 24}, "select": {**sums, "num_problems": 5},
                     "report": {**sums, "num_problems": 5}},
        "warm_start": {"source": {**sums, "num_problems": 24}, "epochs": 40, **optimizer},
        "generate": {"num_samples": 4, "temperature": 1.0, "top_k": 0, "max_tokens": 16, "shard_size": 6},
        "train": {"start_from": "seed", "epochs": 2, **optimizer},
        "decide": {"gate": {"kind": "always"}},
        "rounds": {"max": 2},
        "services": {"share": False},
        **sections,
    }  # fmt: skip


def write_recipe(folder: Path, recipe: Mapping[str, Any]) -> Path:
    """The recipe as a file."""
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(dict(recipe)), encoding="utf-8")
    return path


@cache
def empty_tracking() -> Path:
    """A new MLflow database: making its tables takes longer than a round of this size."""
    folder = Path(tempfile.mkdtemp(prefix="selfloop-mlflow-"))
    atexit.register(shutil.rmtree, folder)
    make = f"from infra.tracking.tracker import Tracker; Tracker('sqlite:///{folder}/mlflow.db').ping()"
    subprocess.run([sys.executable, "-c", make], check=True, cwd=folder)
    return folder / "mlflow.db"


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment whose local data lie under `home`; MLflow's database is there, and empty."""
    if not (home / "mlflow.db").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(empty_tracking(), home / "mlflow.db")
    ours = ("SELFLOOP_", "PREFECT_", "MLFLOW_", "AWS_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "SELFLOOP_HOME": str(home), **VARIABLES, **more}


def selfloop(
    *arguments: str | Path, cwd: Path, timeout: float = 300, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with its data under `cwd`.

    With SELFLOOP_TEST_RUN it is a new program, since forks, and theirs, have no environment that `processes_of` reads.
    """
    words, env = list(map(str, arguments)), environment(cwd / "home", **variables)
    if "SELFLOOP_TEST_RUN" not in env:
        return run_command(words, cwd, env, timeout)
    return subprocess.run(
        [str(SELFLOOP), *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


class Running(NamedTuple):
    """A process as it was seen; it may have ended since."""

    pid: int
    name: str
    command: str

    def send(self, number: signal.Signals) -> bool:
        """Whether it was still there to be sent the signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
            return True
        return False


def processes_of(folder: Path) -> list[Running]:
    """Every process of runs started with SELFLOOP_TEST_RUN=FOLDER, wherever it has been adopted."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get("SELFLOOP_TEST_RUN") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(Running(process.pid, process.name(), " ".join(process.cmdline())))
    return found


def wait_until_gone(folder: Path, seconds: float) -> list[str]:
    """Command lines that still run after some seconds."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [process.command for process in left]
