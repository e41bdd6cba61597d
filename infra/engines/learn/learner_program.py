"""Engine program: a learner holds the live weights of a segment, draws from them and trains them.

    python -m infra.engines.learn.learner_program SCRATCH

First command: {"kind": "learn", "request", "work_dir", "out_dir", "rank", "num_devices", "meeting"}. Then it waits for
its first wave (`desk.py`). Last answer: {"kind": "done", "report"}, when the result lies in `out_dir`, or {"kind":
"error", "name", "message", "fix"}.
Besides: {"kind": "step", ...} a step, {"kind": "saved", "wave"} a checkpoint. It knows no problem, judge or reward.

Where several devices train together there is one such process for each: all are told to train and to stop, and the
first does what else there is to do (`ranks.py`).
"""

from __future__ import annotations

from pathlib import Path

from configs.errors import EngineError, UserError
from infra.engines.learn.request import LearnRequest
from infra.engines.session_program import end, end_with_error, explain
from infra.process.protocol import Channel


def main() -> None:
    """Serve one segment; errors are reported before the process ends."""
    channel = Channel(commands=True)
    command = channel.receive()
    assert command is not None
    request = LearnRequest.model_validate(command["request"])
    try:
        from infra.engines.learn.segment import run_segment
        from infra.engines.train import group

        size = command["num_devices"]
        group.join(command["rank"], size, Path(command["meeting"]) if size > 1 else None)
        report = run_segment(request, Path(command["work_dir"]), Path(command["out_dir"]), channel)
        if report is not None:
            channel.send({"kind": "done", "report": report.model_dump()})
        group.leave()
    except Exception as error:
        end_with_error(channel, error if isinstance(error, UserError) else _explain(error, request))
    end(0)


def _explain(error: Exception, request: LearnRequest) -> EngineError:
    found = explain(error, request.engine)
    if found.fix is not None and "batch_size" in found.fix:
        return EngineError(found.message, "write a smaller train.batch_size, engine.batch_size or online.max_tokens")
    return found


if __name__ == "__main__":
    main()
