"""Runs of a study, one after the other: `python -m flows.study.run_program STUDY.yaml`. Started by `run_process.py`.

A command is {"method", "seed", "task", "log"}, the answer {"status", "said"}: 0 done, 3 and 4 ended early, 2 something
the user can mend, 1 a fault of ours. What is imported, and the process that engines are forks of, serve the next run.
"""

from __future__ import annotations

import os
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow

from configs.errors import UserError
from configs.schema.study import Study, load_study
from configs.schema.study_runs import StudyRun, run_of
from flows.cli import show_warnings
from flows.loop import run_rounds
from flows.study.results import may_go_on
from infra.process.protocol import Channel

Message = dict[str, Any]


@flow(name="study-run", flow_run_name="study/{experiment}", validate_parameters=False)
def study_run(experiment: str, study: Study, run: StudyRun) -> None:
    """Run an experiment's rounds as far as the study's budget goes.

    Of a study's hundreds of rounds nobody reads item by item, and MLflow takes longer for items than such a round does.
    """
    run_rounds(run.recipe, Path.cwd(), may_go_on=partial(may_go_on, study, run), tracks_items=False)


def main(path: Path) -> None:
    """Do what is asked for, until standard input closes."""
    channel = Channel(commands=True)
    show_warnings()
    while True:
        asked = channel.receive()
        assert asked is not None, "it was waited for"
        _write_to(Path(asked["log"]))
        channel.send(_done(path, asked))


def _write_to(log: Path) -> None:
    """What is printed from now on, by native code too, goes there."""
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


def _done(path: Path, asked: Message) -> Message:
    try:
        study = load_study(path)
        run = run_of(study, asked["task"], asked["method"], asked["seed"], path.parent)
        study_run(run.name, study, run)
    except UserError as error:
        print(f"error: {error}", flush=True)
        return {"status": error.exit_status, "said": in_a_line(error.message)}
    except Exception:
        traceback.print_exc()
        return {"status": 1, "said": f"its log is {asked['log']}"}
    return {"status": 0, "said": ""}


def in_a_line(text: str) -> str:
    """Of a long text, such as one that quotes a log, the first line and the last, which says what the matter was."""
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(lines) if len(lines) <= 2 else f"{lines[0]} ... {lines[-1]}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
