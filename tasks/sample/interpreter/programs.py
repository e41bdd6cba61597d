"""Outputs of programs, kept as answers of models are: a kill costs the shard in flight. A program that ran is not run
again, so a text that goes on after an output is the same when a killed run goes on.

So a time limit that was passed is an output too: the model read it. A sandbox that failed is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import ClassVar

from configs.schema.interpreter import Interpreter
from infra.sandbox.bubblewrap import Limits
from infra.sandbox.scripts import Ended, run_scripts
from tasks.core.answers import Answers
from tasks.sample.interpreter.blocks import output_of

VERSION = 1
"""of outputs: raised when the same program gives another one"""
MEMORY_BYTES, MAX_PROCESSES, MAX_FILE_BYTES = 512 * 2**20, 4, 2**20
"""of one program; the last is the most that it can print, too"""
_ONE = range(1)


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """What a program printed, and below it why it failed."""

    VERSION: ClassVar[int] = 1
    question: str
    output: str
    draw: int = 0


def outputs_of(sources: Sequence[str], config: Interpreter, answers: Answers) -> Mapping[str, str | None]:
    """By source what each program printed; None where the sandbox failed.

    Raises:
        StoreError: the lease was lost, or the store failed.
    """
    limits = Limits(config.limit_seconds, MEMORY_BYTES, MAX_PROCESSES, MAX_FILE_BYTES)
    who = {"python": "bubblewrap", "seconds": limits.seconds, "chars": config.max_chars}
    folder = answers.folder({"version": VERSION, "who": who, "service": "run"}, ProgramRow)
    keys = {source: sha256(source.encode(errors="surrogatepass")).hexdigest()[:32] for source in sources}
    new = [source for source, key in keys.items() if folder.missing(key, _ONE)]
    failed: set[str] = set()
    ran = _run(new, limits)
    while part := list(islice(ran, answers.shard_size)):
        rows = [ProgramRow(keys[source], _cut(ended, config)) for source, ended in part if not ended.is_sandbox]
        failed |= {source for source, ended in part if ended.is_sandbox}
        if rows:
            folder.publish(rows)
    return {source: None if source in failed else folder.rows(key, _ONE)[0].output for source, key in keys.items()}


def _run(sources: Sequence[str], limits: Limits) -> Iterator[tuple[str, Ended]]:
    return zip(sources, run_scripts(sources, limits), strict=True) if sources else iter(())


def _cut(ended: Ended, config: Interpreter) -> str:
    """As much as can be shown, and one character more, which says that it was cut."""
    return output_of(ended.printed, ended.failure)[: config.max_chars + 1]
