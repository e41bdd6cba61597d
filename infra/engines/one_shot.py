"""One-shot engine programs: a request file in, files out, one answer. Both ends of it.

`run_job` is the control side, called by `trainer.py` and `build.py`; `answer_job` is the program's side, called by
`train_program.py` and `make_model.py`. Messages are JSON objects with a `kind`: progress and ask (any number), then
done or failed. A program that asks waits for an answer, a message too.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from configs.errors import EngineEndedError, EngineError, UserError
from infra.engines.programs import start_program
from infra.process.protocol import Channel

Message = dict[str, Any]


def run_job(
    program: str,
    request: Message,
    *,
    what: str,
    work_dir: Path,
    env: Mapping[str, str],
    on_progress: Callable[[Message], None] | None = None,
    on_ask: Callable[[Message], Message] | None = None,
    forks: bool = True,
) -> Message:
    """Run `python -m program` on a request and wait for its answer.

    Args:
        what: the work in words, for messages: "training of base".
        work_dir: request and log lie here.
        on_ask: answers what the program asks; None: it asks nothing.
        forks: False for a program with libraries of its own.

    Returns:
        The answer, without its `kind`.

    Raises:
        EngineError: the program refused the request, or ended without an answer; names the log. One that was killed
            is an EngineEndedError.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    request_path, log_path = work_dir / "request.json", work_dir / "log.txt"
    request_path.write_text(json.dumps(request), encoding="utf-8")
    asks = on_ask is not None
    with start_program(program, [str(request_path)], log_path=log_path, env=env, stdin=asks, forks=forks) as child:
        for message in child.messages():
            kind = message.pop("kind", None)
            if kind == "progress" and on_progress is not None:
                on_progress(message)
            elif kind == "ask" and on_ask is not None:
                answer = on_ask(message)
                with contextlib.suppress(BrokenPipeError):  # it has ended, and the last of its messages says how
                    child.send(answer)
            elif kind == "done":
                return message
            elif kind == "failed":
                raise EngineError(f"{what}: {message['message']}", message["fix"] or f"the log is {log_path}")
        kind = EngineEndedError if child.wait() < 0 else EngineError
        raise kind(
            f"{what}: the process ended before its work was done ({child.describe_exit()})",
            f"run the same command again, which goes on from here; where it ends so again, read {log_path}, "
            "and if memory ran out write a smaller batch_size, or gradient_checkpointing: true",
        )


def answer_job(work: Callable[[Message, Callable[[Message], None]], Message]) -> None:
    """The program's main: read the request named on the command line, work, answer.

    Args:
        work: request and a function that sends progress -> answer. A UserError becomes the answer `failed`;
            any other error is a defect, and its traceback goes to the log.
    """
    channel = Channel(commands=False)
    _answer(channel, lambda request: work(request, lambda message: channel.send({"kind": "progress", **message})))


def answer_asking_job(work: Callable[[Message, Callable[[Message], Message]], Message]) -> None:
    """As `answer_job`, for a program that asks its starter.

    Args:
        work: request and a function that asks and waits for the answer -> answer.
    """
    channel = Channel(commands=True)

    def ask(message: Message) -> Message:
        channel.send({"kind": "ask", **message})
        answer = channel.receive()
        assert answer is not None, "it waits until there is one"
        return answer

    _answer(channel, lambda request: work(request, ask))


def _answer(channel: Channel, work: Callable[[Message], Message]) -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        answer = work(request)
    except UserError as error:
        channel.send({"kind": "failed", "message": error.message, "fix": error.fix})
        raise SystemExit(1) from error
    channel.send({"kind": "done", **answer})
