"""Sampler `inline`: whole episodes in one text, cut into their parts at markers. Pure.

Ids say the draw and the place: `p7/0` is the first part of the first draw, `p7/0.1` the second. The text of a draw is
that of its parts one after the other, but for what `stop_on` cuts off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from configs.schema.drawing import Sampling
from configs.schema.draws.marker import Marker
from configs.schema.generate import InlineGenerate
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Request
from tasks.core.records import FinishReason, Part, Problem, Sample
from tasks.core.step import Summary
from tasks.sample.episode import POLICY, Answer, Episode, Question, Texts, chat_of, to_sample
from tasks.sample.revision.reading import read_verdict
from tasks.sample.samplers.given import Given

CUT_OFF, UNREAD = "num_cut_off", "num_unread"
"""texts that went on behind what ends them; verdicts that could not be read"""


class Span(NamedTuple):
    """One part of a text: from `start` to before `end`."""

    part: str
    start: int
    end: int
    said: str | None = None


@dataclass(frozen=True)
class Cut(Episode):
    """Draws of one problem, in their parts.

    Attributes:
        counts: CUT_OFF and UNREAD.
    """

    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Inline:
    """Texts that are cut.

    Attributes:
        model: digest of the policy that writes.
    """

    config: InlineGenerate
    model: str
    is_single_wave = True
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        return [self.config.sampling()]

    @property
    def judges(self) -> Sequence[Judge]:
        return ()

    def begin(self, problem: Problem, index: int, seed: int) -> Cut:
        return Cut(problem, index, seed)

    def ask(self, episode: Cut) -> Sequence[Question]:
        request = Request(episode.problem.id, chat_of(episode.problem), self.config.num_samples, seed=episode.seed)
        return [Texts(POLICY, self.config.sampling(), (request,))]

    def take(self, episode: Cut, answers: Sequence[Answer]) -> Cut:
        nodes, starts, counts = list[Sample](), dict[str, int](), Counter[str]()
        for row in answers[0][0]:
            spans = stopped(parts_of(row.text, self.config.markers), self.config.stop_on)
            counts[CUT_OFF] += spans[-1].end < len(row.text)
            counts[UNREAD] += sum(span.part == Part.VERDICT and span.said is None for span in spans)
            own = self._nodes(row, spans, episode.problem)
            nodes += own
            starts |= {node.id: span.start for node, span in zip(own, spans, strict=True)}
        return replace(episode, nodes=tuple(nodes), starts=starts, counts=counts)

    def numbers(self, episode: Cut) -> Mapping[str, int]:
        return episode.counts

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {"temperature": self.config.temperature, CUT_OFF: sums.get(CUT_OFF, 0), UNREAD: sums.get(UNREAD, 0)}

    def _nodes(self, row: Completion, spans: Sequence[Span], problem: Problem) -> list[Sample]:
        """A chain: only the last part can have ended at max_tokens, and only where nothing was cut off behind it."""
        nodes: list[Sample] = []
        is_whole = spans[-1].end == len(row.text)
        for place, span in enumerate(spans):
            is_last = place == len(spans) - 1
            nodes.append(to_sample(
                row, problem, self.model,
                id=f"{problem.id}/{row.index}" + (f".{place}" if place else ""),
                text=row.text[span.start : span.end],
                finish_reason=row.finish_reason if is_last and is_whole else FinishReason.STOP,
                num_tokens=row.num_tokens if is_last else 0,
                logprob=row.logprob if is_whole and len(spans) == 1 else None,
                parent_id=nodes[-1].id if nodes else None,
                part=span.part, said=span.said,
                messages=problem.messages if nodes else (),
            ))  # fmt: skip
        return nodes


def parts_of(text: str, markers: Sequence[Marker]) -> list[Span]:
    """The parts of a text, in order: at least one, and together all of it."""
    found = sorted((match.start(), marker.part) for marker in markers for match in re.finditer(marker.begins, text))
    begun: list[tuple[int, str]] = []
    for start, part in [*([] if found and found[0][0] == 0 else [(0, str(Part.ATTEMPT))]), *found]:
        if not begun or (part != begun[-1][1] and start > begun[-1][0]):
            begun.append((start, part))
    ends = [*(start for start, _ in begun[1:]), len(text)]
    reads: dict[str, Marker] = {marker.part: marker for marker in markers}
    return [_read(text, part, start, end, reads) for (start, part), end in zip(begun, ends, strict=True)]


def _read(text: str, part: str, start: int, end: int, markers: Mapping[str, Marker]) -> Span:
    said = read_verdict(text[start:end], markers[part])[1] if part == Part.VERDICT else None
    return Span(part, start, end, said)


def stopped(spans: Sequence[Span], stop_on: str | None) -> list[Span]:
    """The parts up to the first verdict that says what ends an episode."""
    last = next((place for place, span in enumerate(spans) if stop_on and span.said == stop_on), len(spans) - 1)
    return list(spans[: last + 1])


def make(config: InlineGenerate, given: Given) -> Inline:
    """The sampler of a recipe."""
    return Inline(config, given.model)
