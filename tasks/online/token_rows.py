"""From texts as they were drawn to a learner's rows: texts of an episode that go on from each other are one. Pure.

Where what a text was asked begins with all tokens of an earlier text of its episode, and what that one was asked, the
row goes on: tokens between the two were written by others, and are in no span. Where the context was written anew
(`form: single`, a verdict that was cut off, a chat template that drops what was thought, tokens that their text would
not be read as) another row begins. No text is read anew as tokens to find out.

A row that is trained under another context than it was drawn under, or with a teacher beside it, stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.engines.learn.rows import Span, StreamRow
from tasks.core.records import TokenRow


@dataclass
class _Open:
    """A row that a later text may go on from. `tip`: its last text."""

    tip: str
    prompt: Sequence[int]
    written: list[int]
    logprobs: list[float]
    spans: list[Span]

    def goes_on(self, row: TokenRow) -> bool:
        length = len(self.prompt) + len(self.written)
        return list(row.prompt[:length]) == [*self.prompt, *self.written]

    def closed(self) -> StreamRow:
        return StreamRow(self.prompt, self.written, self.logprobs, self.spans)

    def extend(self, row: TokenRow, spans: Iterable[Span]) -> None:
        between = row.prompt[len(self.prompt) + len(self.written) :]
        self.written += between
        self.logprobs += [0.0] * len(between)  # in no span: nobody reads them
        start = len(self.written)
        self.written += row.written
        self.logprobs += row.logprobs
        self.spans += [(name, start + first, start + behind, value) for name, first, behind, value in spans]
        self.tip = row.sample_id


def join_rows(
    rows: Iterable[TokenRow], spans: Mapping[str, Sequence[Span]], parents: Mapping[str, str | None]
) -> list[StreamRow]:
    """The rows of a wave that some stream has a number for.

    Args:
        rows: of its texts, each after its parent.
        spans: by the text's id, counted in what was written of it.
        parents: by the text's id, the one that it was asked after.
    """
    found: list[_Open | StreamRow] = []
    by_tip: dict[str, _Open] = {}
    for row in rows:
        if row.sample_id not in spans:
            continue
        own = spans[row.sample_id]
        if row.context or row.teacher or not row.logprobs:
            found.append(_alone(row, own))
            continue
        before = next((by_tip[name] for name in _above(row.sample_id, parents) if name in by_tip), None)
        if before is not None and before.goes_on(row):
            del by_tip[before.tip]  # a second text after the same one begins a row of its own
            before.extend(row, own)
        else:
            before = _Open(row.sample_id, row.prompt, list(row.written), list(row.logprobs), list(own))
            found.append(before)
        by_tip[row.sample_id] = before
    return [one if isinstance(one, StreamRow) else one.closed() for one in found]


def _alone(row: TokenRow, spans: Sequence[Span]) -> StreamRow:
    """Under another context than it was drawn under, the sampler's numbers say nothing of it."""
    is_as_drawn = bool(row.logprobs) and not row.context
    logprobs = row.logprobs if is_as_drawn else (math.nan,) * len(row.written)
    return StreamRow(row.context or row.prompt, row.written, logprobs, spans, row.teacher)


def _above(name: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    above = parents.get(name)
    while above is not None:
        yield above
        above = parents.get(above)
