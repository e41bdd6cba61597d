"""A flow that runs benchmarks on a worker and publishes what they print: `benchmarks/NAME.py`, one module each."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.states import Completed, Failed, State
from pydantic import BaseModel, ConfigDict, Field

from flows.report.artifacts import show_markdown
from infra.process.child import Child

FOLDER = Path(__file__).parents[1] / "benchmarks"


class BenchmarkParameters(BaseModel):
    """Which benchmarks; Prefect shows it as a form."""

    model_config = ConfigDict(extra="forbid")

    names: list[str] = Field(
        ["judging", "generation", "reuse"], title="Benchmarks", description="Modules of the folder benchmarks."
    )
    arguments: list[str] = Field([], title="Arguments", description="Passed on to each as they are, one a line.")
    timeout_seconds: int = Field(3600, ge=1, title="Time limit", description="Seconds after which one is stopped.")


DEFAULTS = BenchmarkParameters()


@flow(name="benchmark")
def benchmark(parameters: BenchmarkParameters = DEFAULTS) -> State[Any]:
    """Run them in turn; what each printed is an artifact, and the run fails where one does."""
    known = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
    unknown = sorted(set(parameters.names) - set(known))
    if unknown:
        return Failed(message=f"there is no benchmark '{unknown[0]}': write some of {', '.join(known) or 'none'}")
    endings = {name: _run(name, parameters) for name in parameters.names}
    failed = [f"{name}: {ending}" for name, ending in endings.items() if ending]
    return Failed(message="\n".join(failed)) if failed else Completed(message=f"done: {', '.join(endings)}")


def _run(name: str, parameters: BenchmarkParameters) -> str:
    """Run one and publish what it printed; why it failed, or nothing."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *parameters.arguments]
    with tempfile.TemporaryDirectory(prefix="selfloop-") as folder:
        log = Path(folder) / "printed.txt"
        with Child(command, log_path=log) as child:
            try:
                ending = child.ending() if child.wait(parameters.timeout_seconds) else ""
            except TimeoutError:
                ending = f"stopped after {parameters.timeout_seconds} s"
        show_markdown(f"benchmark {name}", f"```\n{log.read_text(encoding='utf-8', errors='replace')}\n```")
    return ending
