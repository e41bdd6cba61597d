"""Kept samples as rows of SFT (`examples`) and of KTO (`labelled`). Called by `tables.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from configs.schema.rows import DEFAULT_ROWS, RowKind
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Example, Label
from tasks.select.filters.filter import Draw
from tasks.select.rows.formats import AS_IT_IS, Formats
from tasks.select.rows.kinds import ROWS, Written, rows_of
from tasks.select.selection import Selected
from tasks.select.weigh import Step, WeighSteps

_DESIRABLE = {Label.CORRECT: True, Label.WRONG: False}


@dataclass(frozen=True, slots=True)
class Draft:
    """A row without its weight, and the formats that it is written in."""

    candidate: Candidate
    row: Written
    formats: Formats

    @property
    def step(self) -> Step:
        """What it is about."""
        return self.row.before, self.candidate

    def rows(self, weight: float, is_desirable: bool | None = None) -> list[Example]:
        """The row in every format."""
        one, row = self.candidate, self.row
        example = Example(
            one.sample.id, one.problem.id, row.messages, row.completion, weight, row.ends, is_desirable
        )  # fmt: skip
        return list(self.formats.write(example, one.problem, one.verdict(None).answer))


@dataclass(frozen=True)
class Writing:
    """How samples become rows: each is written once in every kind, and the kinds that can be in every format.

    Attributes:
        draw: chooses among variants of a link.
    """

    kinds: Sequence[RowKind] = DEFAULT_ROWS
    formats: Formats = AS_IT_IS
    draw: Draw = field(default_factory=lambda: Draw(0, 0))

    def drafts(self, candidate: Candidate, answers: Sequence[Candidate] = ()) -> list[Draft]:
        """A kept sample as rows without weights; errors and arguments as of `kinds.rows_of`."""
        return [
            Draft(candidate, row, self.formats if ROWS[config.kind].has_formats else AS_IT_IS)
            for config in self.kinds
            for row in rows_of(candidate, config, self.draw, answers)
        ]

    def rows(self, candidate: Candidate, weight: float = 1.0, is_desirable: bool | None = None) -> list[Example]:
        """A kept sample as rows; errors as `kinds.rows_of`."""
        return [row for draft in self.drafts(candidate) for row in draft.rows(weight, is_desirable)]

    def steps(self, group: Sequence[Selected]) -> list[Step]:
        """What the rows of one problem's kept samples are about."""
        answers = [selected.candidate for selected in group]
        kept = [selected.candidate for selected in group if selected.reason is None]
        return [draft.step for candidate in kept for draft in self.drafts(candidate, answers)]

    @property
    def refusal(self) -> DropReason:
        """Why no row was made of a sample: bare answers were asked for and it has none, or its chain lacks a part."""
        has_formats = any(ROWS[config.kind].has_formats for config in self.kinds)
        return DropReason.UNPARSEABLE if has_formats else DropReason.NO_ROW


class ExampleMaker:
    """Each kept sample is one row, or one in every kind and format.

    Args:
        weigh: says the weights of a problem's rows; samples of which no row has one are dropped for its reason. None:
            every example weighs 1.
    """

    record: type = Example

    def __init__(self, writing: Writing, weigh: WeighSteps | None = None) -> None:
        self._writing, self._weigh = writing, weigh

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        answers = [selected.candidate for selected in group]
        drafts = [
            self._writing.drafts(selected.candidate, answers) if selected.reason is None else [] for selected in group
        ]
        steps = [draft.step for own in drafts for draft in own]
        weights = iter(self._weigh(steps) if self._weigh else [1.0] * len(steps))
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected, own in zip(group, drafts, strict=True):
            refusal, written = self._writing.refusal, list[Example]()
            for draft, weight in [(draft, next(weights)) for draft in own]:
                if isinstance(weight, DropReason):
                    refusal = weight
                else:
                    written += draft.rows(weight)
            rows += written
            fates.append(selected if written else selected.refused(refusal))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """Nothing beside what every kind of row has."""
        return {}


class LabelledMaker:
    """Each sample that the first judge calls correct is a desirable row, each wrong one an undesirable one; the others
    are dropped for what the judge said (KTO, arXiv 2402.01306)."""

    record: type = Example

    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        answers = [selected.candidate for selected in group]
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            label = Label(selected.candidate.verdict(None).label)
            if label in _DESIRABLE:
                is_kept = selected.reason is None
                drafts = self._writing.drafts(selected.candidate, answers) if is_kept else []
                rows += [row for draft in drafts for row in draft.rows(1.0, _DESIRABLE[label])]
                fates.append(selected)
            else:
                fates.append(selected.refused(DropReason(label)))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """Nothing beside what every kind of row has."""
        return {}
