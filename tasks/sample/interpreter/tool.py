"""Texts with an interpreter: a model writes to the end of a block, the block is run, and the model goes on behind its
output.

Texts are written side by side: in a wave all that stopped at the end of a block are run together, and asked to go on
together. So a wave costs no load of a model, and to the sampler a text with outputs is one text. All that was asked is
looked up by what was asked (`tasks/core/answers.py`, `programs.py`), so a run that was killed goes on where it was.

1. A block that the model does not close, or that another text ends, is not run.
2. A text that closes what was not opened goes on as it is; one that does so time after time loses the interpreter.
3. `max_tokens` counts what the model wrote. Where an output leaves no room in the context the text is truncated.
4. A text whose program could not be run, or whose rest has no answer, is missing, and counted as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from configs.schema.drawing import Sampling
from configs.schema.interpreter import Interpreter
from configs.schema.revision.parts import POLICY
from infra.engines.questions import (
    Completion,
    Missing,
    MissingReason,
    Request,
)
from infra.sandbox.scripts import require_sandbox
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Inserted
from tasks.core.step import derive_seed
from tasks.sample.interpreter.blocks import open_block, result_text
from tasks.sample.interpreter.programs import outputs_of

STOPS_PER_CALL = 4
"""A text that stops this often for each call that it may make is one that repeats the end of a block."""


@dataclass(frozen=True, slots=True)
class ToolCompletion(Completion):
    """A completion with outputs in it; tokens and log-probability are those of what the model wrote.

    Attributes:
        inserted: places of the outputs in the text.
    """

    inserted: tuple[Inserted, ...] = ()


@dataclass(slots=True)
class _Draft:
    """One text under way: draw `index` of a request."""

    request: Request
    index: int
    text: str = ""
    num_tokens: int = 0
    logprob: float | None = 0.0
    finish_reason: Literal["stop", "length"] = "stop"
    stop_text: str | None = None
    inserted: list[Inserted] = field(default_factory=list)
    num_stops: int = 0
    missing: Missing | None = None

    def take(self, row: Completion | Missing, close: str) -> bool:
        """Append a piece; returns whether it stopped at the end of a block."""
        if isinstance(row, Missing):
            if self.num_stops and row.reason == MissingReason.TOO_LONG:
                self.finish_reason = "length"
            else:
                self.missing = replace(row, id=self.request.id, index=self.index)
            return False
        self.text += row.text
        self.num_tokens += row.num_tokens
        self.logprob = None if self.logprob is None or row.logprob is None else self.logprob + row.logprob
        self.finish_reason, self.stop_text = row.finish_reason, row.stop_text
        return row.stop_text == close

    def insert(self, close: str, result: str | None) -> None:
        """End the block, and put an output behind it."""
        self.num_stops += 1
        self.text += close
        if result is not None:
            self.inserted.append(Inserted(len(self.text), len(self.text) + len(result)))
            self.text += result

    def completion(self) -> Completion:
        return ToolCompletion(
            self.request.id, self.index, self.text, self.finish_reason, self.num_tokens, self.logprob, self.stop_text,
            inserted=tuple(self.inserted),
        )  # fmt: skip


@dataclass(frozen=True)
class Tool:
    """The interpreter of a recipe.

    Attributes:
        address: where the recipe says it.
    """

    config: Interpreter
    address: str = "generate.interpreter"

    def runs_for(self, who: str) -> bool:
        """Whether blocks of an answerer are run: the policy's, in whichever of its states."""
        return who.partition("@")[0] == POLICY

    def watching(self, sampling: Sampling) -> Sampling:
        """The settings of a text that may stop at the end of a block."""
        return sampling.model_copy(update={"stop": (*sampling.stop, self.config.close)})

    def texts(
        self, who: Answerer, sampling: Sampling, requests: Iterable[Request], answers: Answers, shard_size: int | None
    ) -> Iterator[tuple[Completion, ...]]:
        """The completions of each request, in their order, less the draws that are missing.

        Raises:
            UserError: no sandbox can be had.
            EngineError: a generator could not start, or died.
            StoreError: the lease was lost, or the store failed.
        """
        require_sandbox(self.address)
        asked, stopped = list(requests), list[_Draft]()
        by_request: list[list[_Draft]] = []
        watched = self.watching(sampling)
        for request, rows in answers.ask(who, watched, asked, None, "", shard_size, is_counted=False):
            drafts = [_Draft(request, row.index) for row in rows]
            stopped += [one for one, row in zip(drafts, rows, strict=True) if one.take(row, self.config.close)]
            by_request.append(drafts)
        while stopped:
            self._run(stopped, answers)
            going = [one for one in stopped if one.missing is None and self._has_room(one, sampling)]
            with_tool = [one for one in going if self._may_call(one)]
            without = [one for one in going if not self._may_call(one)]
            stopped = self._go_on(who, watched, with_tool, answers, shard_size)
            self._go_on(who, sampling, without, answers, shard_size)
        return (self._finished(drafts, answers) for drafts in by_request)

    def _run(self, drafts: Sequence[_Draft], answers: Answers) -> None:
        """Run the blocks that are closed now, and put in what they printed."""
        sources = [open_block(one.request.prefix + one.text, self.config) for one in drafts]
        outputs = outputs_of(list(dict.fromkeys(one for one in sources if one is not None)), self.config, answers)
        for draft, source in zip(drafts, sources, strict=True):
            output = outputs[source] if source is not None else None
            if source is not None and output is None:
                words = "the sandbox failed at a program that the text holds"
                draft.missing = Missing(draft.request.id, MissingReason.SANDBOX, words, draft.index)
                continue
            draft.insert(self.config.close, None if output is None else result_text(output, self.config))

    def _has_room(self, draft: _Draft, sampling: Sampling) -> bool:
        if draft.num_tokens >= _limit(draft, sampling):
            draft.finish_reason, draft.stop_text = "length", None
            return False
        return True

    def _may_call(self, draft: _Draft) -> bool:
        most = self.config.max_calls
        return len(draft.inserted) < most and draft.num_stops < STOPS_PER_CALL * most

    def _go_on(
        self, who: Answerer, sampling: Sampling, drafts: Sequence[_Draft], answers: Answers, shard_size: int | None
    ) -> list[_Draft]:
        """Ask the drafts' rests; returns those that stopped at the end of a block again."""
        requests = [
            Request(
                f"{one.request.id}#{one.index}.{one.num_stops}", one.request.messages, 1,
                one.request.prefix + one.text, derive_seed(one.request.seed, "interpreter", one.index, one.num_stops),
                max_tokens=_limit(one, sampling) - one.num_tokens,
            )
            for one in drafts
        ]  # fmt: skip
        found = answers.ask(who, sampling, requests, None, "after code", shard_size, is_counted=False)
        return [one for one, (_, (row,)) in zip(drafts, found, strict=True) if one.take(row, self.config.close)]

    def _finished(self, drafts: Sequence[_Draft], answers: Answers) -> tuple[Completion, ...]:
        answers.missing.add(len(drafts), [one.missing for one in drafts if one.missing is not None])
        return tuple(one.completion() for one in drafts if one.missing is None)


def _limit(draft: _Draft, sampling: Sampling) -> int:
    return draft.request.max_tokens or sampling.max_tokens
