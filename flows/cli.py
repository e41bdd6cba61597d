"""The command line. One file a command in flows/commands; each imports what is heavy only when it runs."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from cyclopts import App

from configs.errors import UserError

# In the order of a first day; the help stands here so that `--help` imports no command.
COMMANDS = {
    "init": "Write a recipe of your own, from five questions or flags.",
    "run": "Run an experiment's rounds, or go on with them.",
    "check": "Check a recipe.",
    "data": "Show the problems as the model will see them: rows, lengths, sets, overlaps, bad rows.",
    "plan": "Show what would run, what is reused, and what it takes.",
    "compare": "Compare rounds and experiments; writes report.html.",
    "study": "Compare methods on the same model, problems and budget.",
    "stage": "Run one stage on files.",
    "deploy": "Let Prefect continue an experiment on a schedule.",
    "promote": "Make a model the champion, or answer a run that asks.",
    "rollback": "Make an earlier model the champion again.",
    "export": "Take the champion away as a folder.",
    "serve": "Serve the champion over the OpenAI interface; promotions are followed.",
    "publish": "Write the champion and its samples for others: folders with cards, or the hub.",
    "sync": "Rebuild MLflow's runs from the store.",
    "copy": "Bring experiments into another store, by their digests.",
    "housekeeping": "Say what the store no longer needs, and remove it.",
    "ui": "Open the Prefect and MLflow servers over the local data.",
    "stack": "Run the services on this machine without containers: up, down, status.",
    "bootstrap": "Make bucket, work pools and limits that the services need.",
    "doctor": "Say what is installed and reachable, or with --verifiers whether answers are read.",
}

app = App(
    name="selfloop",
    help="Rounds of self-improvement for language models. Begin with: selfloop init",
    help_epilogue="Add --debug to any command to see tracebacks.",
    version="0.1.0",
)
for order, (command, summary) in enumerate(COMMANDS.items()):
    app.command(f"flows.commands.{command}:{command}", name=command, help=summary, sort_key=order)


def show_warnings() -> None:
    """Warnings of this project go to the terminal, whatever Prefect does with the root logger.

    A record that a library's handler cannot deliver, as Prefect's to a server that ended, is no news for a user.
    """
    logging.raiseExceptions = False
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    for floor in ("flows", "tasks", "infra", "configs"):
        logger = logging.getLogger(floor)
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def main() -> NoReturn:
    """Entry point of the `selfloop` command.

    Exit status: 0 done, 2 something the user can mend, 3 no data to train on, 4 stopped by a guard, 130 and 143
    stopped from outside, 1 a defect of selfloop.
    """
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    is_debug = len(arguments) < len(sys.argv) - 1 or bool(os.environ.get("SELFLOOP_DEBUG"))
    signal.signal(signal.SIGTERM, _stop)
    show_warnings()
    try:
        app(arguments)
    except UserError as error:
        if is_debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # the reader of a pipe had enough, as in `selfloop doctor | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM ends like an error, so that every child is stopped and every lease released."""
    print("terminated; the same command goes on from here", file=sys.stderr)
    raise SystemExit(128 + signum)
