"""One-shot engine programs: a request file in, files out, one answer. Both ends of it.

`run_job` is the control side, called by `trainer.py` and `build.py`; `answer_job` is the program's side, called by
`train_program.py` and `make_model.py`. Messages are JSON objects with a `kind`: progress and ask (any number), then
done or failed. A program that asks waits for an answer, a message too.

A job may have several processes, one a device. Each has a guard of its own below the one starter, so that all end with
it, however that ends; the first of them answers, and the end of any other ends all.
"""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from configs.errors import DeviceMemoryError, EngineEndedError, EngineError, UserError
from infra.engines.programs import start_program
from infra.process.child import Child, Inbox
from infra.process.protocol import Channel

Message = dict[str, Any]

ENDS_SECONDS = 2.0
"""after the end of one process of several: long enough for the one that others miss to be known as the cause"""


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
    num_processes: int = 1,
    first_number: int = 0,
) -> Message:
    """Run `python -m program` on a request and wait for its answer.

    Args:
        what: the work in words, for messages: "training of base".
        work_dir: request and logs lie here.
        on_ask: answers what the program asks; None: it asks nothing.
        forks: False for a program with libraries of its own.
        num_processes: that work on the request together; each is told its number.
        first_number: of the processes here; where it is not 0, the one that answers is on another machine.

    Returns:
        The answer, without its `kind`; empty where another machine has it.

    Raises:
        EngineError: the program refused the request, or ended without an answer; names the log. One that was killed
            is an EngineEndedError, one that smaller batches would help a DeviceMemoryError.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    request_path = work_dir / "request.json"
    request_path.write_text(json.dumps(request), encoding="utf-8")
    inbox: Inbox = queue.SimpleQueue()
    with contextlib.ExitStack() as started:
        children: list[Child] = []
        for number in range(first_number, first_number + num_processes):
            log_path = work_dir / log_name(number)
            arguments = [str(request_path), *([str(number)] if number else [])]
            child = start_program(
                program, arguments, log_path=log_path, env=env, inbox=inbox, stdin=on_ask is not None, forks=forks
            )
            children.append(started.enter_context(child))
        return _follow(children, first_number == 0, inbox, what, on_progress, on_ask)


def log_name(number: int | str) -> str:
    """File of the log of one process of a job; what is no number is a pattern."""
    return f"log-{number}.txt" if number else "log.txt"


def _follow(
    children: list[Child],
    is_answered: bool,
    inbox: Inbox,
    what: str,
    on_progress: Callable[[Message], None] | None,
    on_ask: Callable[[Message], Message] | None,
) -> Message:
    """The answer, which the first of them has or, unless `is_answered`, none; what is asked on the way is answered."""
    missing = list(children)
    while missing:
        child, message = inbox.get()
        if message is None:
            assert isinstance(child, Child)
            if child.poll() == 0 and not (is_answered and child is children[0]):  # it has done its part
                missing.remove(child)
                continue
            raise _unanswered(child, children, inbox, what)
        kind = message.pop("kind", None)
        if kind == "progress" and on_progress is not None:
            on_progress(message)
        elif kind == "ask" and on_ask is not None:
            assert isinstance(child, Child)
            answer = on_ask(message)
            with contextlib.suppress(BrokenPipeError):  # it has ended, and the last of its messages says how
                child.send(answer)
        elif kind == "done":
            return message
        elif kind == "failed":
            raise _refused(child, message, what)
    return {}


def _unanswered(child: Child, children: list[Child], inbox: Inbox, what: str) -> EngineError:
    """The error of a process that ended without an answer; of several the one that the others ended for."""
    ended = [child]
    deadline = time.monotonic() + ENDS_SECONDS
    with contextlib.suppress(queue.Empty):
        while len(ended) < len(children):
            other, message = inbox.get(timeout=max(0.0, deadline - time.monotonic()))
            if message is None:
                assert isinstance(other, Child)
                ended.append(other)
            elif message.get("kind") == "failed":
                return _refused(other, message, what)
    cause = next((one for one in ended if (one.poll() or 0) < 0), child)
    of_several = f" {children.index(cause)} of {len(children)}" if len(children) > 1 else ""
    kind = EngineEndedError if (cause.poll() or 0) < 0 else EngineError
    return kind(
        f"{what}: the process{of_several} ended before its work was done ({cause.describe_exit()})",
        f"run the same command again, which goes on from here; where it ends so again, read {cause.log_path}, "
        "and if memory ran out write a smaller micro_batch_size, or gradient_checkpointing: true",
    )


def _refused(child: object, message: Message, what: str) -> EngineError:
    assert isinstance(child, Child)
    kind = DeviceMemoryError if message.get("name") == DeviceMemoryError.__name__ else EngineError
    return kind(f"{what}: {message['message']}", message["fix"] or f"the log is {child.log_path}")


def answer_job(work: Callable[[Message, Callable[[Message], None]], Message | None]) -> None:
    """The program's main: read the request named on the command line, work, answer.

    Args:
        work: request and a function that sends progress -> answer; None: another process of the job answers. A
            UserError becomes the answer `failed`; any other error is a defect, and its traceback goes to the log.
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


def _answer(channel: Channel, work: Callable[[Message], Message | None]) -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        answer = work(request)
    except UserError as error:
        channel.send({"kind": "failed", "name": type(error).__name__, "message": error.message, "fix": error.fix})
        raise SystemExit(1) from error
    if answer is not None:
        channel.send({"kind": "done", **answer})


def own_number() -> int:
    """The program's side: which of the job's processes this one is."""
    return int(sys.argv[2]) if len(sys.argv) > 2 else 0
