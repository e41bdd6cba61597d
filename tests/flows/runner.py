"""Runs recipes one after the other in one process: Prefect, MLflow and the libraries of engines are imported once.

A program of its own, since Prefect reads its address once. Each line of standard input is the folder of a `recipe.yaml`;
its data go under `home` there, as with `selfloop run`, and what is printed into `printed.txt`. The answer is a line: the
exit status of the command.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from tests.flows.micro import environment


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(_run(Path(line.strip())), file=answers, flush=True)


def _run(folder: Path) -> int:
    """As `flows.cli.main` does, for the command `run`."""
    from configs.errors import UserError
    from flows.commands.run import run

    os.chdir(folder)
    os.environ.update(environment(folder / "home", PREFECT_API_URL=os.environ["PREFECT_API_URL"]))
    with (folder / "printed.txt").open("w") as printed:
        for stream in (1, 2):
            os.dup2(printed.fileno(), stream)
        try:
            run(Path("recipe.yaml"))
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_status
        except Exception:
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    return 0


class Runner:
    """The other side of the program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, folder: Path) -> tuple[int, str]:
        """Run the recipe of a folder: exit status, and what was printed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(folder, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        printed = (folder / "printed.txt").read_text()
        return (int(answer) if answer else -1), printed


@contextlib.contextmanager
def running_runner(folder: Path, prefect_url: str) -> Iterator[Runner]:
    """A runner that ends with the block.

    Args:
        folder: its first home; every recipe has its own.
    """
    variables = environment(folder / "home", PREFECT_API_URL=prefect_url)
    command = [sys.executable, "-m", "tests.flows.runner"]
    with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Runner(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


if __name__ == "__main__":
    main()
