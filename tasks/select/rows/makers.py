"""Kept samples as rows of SFT (`examples`) and of KTO (`labelled`). Called by `tables.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from configs.schema.rows import DEFAULT_ROWS, RowKind
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Example, Label
from tasks.select.filters.filter import Draw
from tasks.select.rows.formats import AS_IT_IS, Formats
from tasks.select.rows.kinds import ROWS, rows_of
from tasks.select.selection import Selected

_DESIRABLE = {Label.CORRECT: True, Label.WRONG: False}


@dataclass(frozen=True)
class Writing:
    """How samples become rows: each is written once in every kind, and the kinds that can be in every format.

    Attributes:
        draw: chooses among variants of a link.
    """

    kinds: Sequence[RowKind] = DEFAULT_ROWS
    formats: Formats = AS_IT_IS
    draw: Draw = field(default_factory=lambda: Draw(0, 0))

    def rows(self, candidate: Candidate, weight: float = 1.0, is_desirable: bool | None = None) -> list[Example]:
        """A kept sample as rows; errors as `kinds.rows_of`."""
        rows: list[Example] = []
        for config in self.kinds:
            for row in rows_of(candidate, config, self.draw):
                example = Example(
                    candidate.sample.id, candidate.problem.id, row.messages, row.completion, weight, row.ends,
                    is_desirable,
                )  # fmt: skip
                formats = self.formats if ROWS[config.kind].has_formats else AS_IT_IS
                rows += formats.write(example, candidate.problem, candidate.verdict(None).answer)
        return rows

    @property
    def refusal(self) -> DropReason:
        """Why no row was made of a sample: bare answers were asked for and it has none, or its chain lacks a part."""
        has_formats = any(ROWS[config.kind].has_formats for config in self.kinds)
        return DropReason.UNPARSEABLE if has_formats else DropReason.NO_ROW


class ExampleMaker:
    """Each kept sample is one row, or one in every kind and format.

    Args:
        weights: of one example, by problem; kept samples of a problem without weight are dropped as one_sided. None:
            every example weighs 1.
    """

    record: type = Example

    def __init__(self, writing: Writing, weights: Mapping[str, float] | None = None) -> None:
        self._writing, self._weights = writing, weights

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        weight = 1.0 if self._weights is None else self._weights.get(group[0].sample.problem_id)
        if weight is None:
            return [], [selected.refused(DropReason.ONE_SIDED) for selected in group]
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            written = self._writing.rows(selected.candidate, weight) if selected.reason is None else []
            rows += written
            fates.append(selected if written else selected.refused(self._writing.refusal))
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
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            label = Label(selected.candidate.verdict(None).label)
            if label in _DESIRABLE:
                is_kept = selected.reason is None
                rows += self._writing.rows(selected.candidate, 1.0, _DESIRABLE[label]) if is_kept else []
                fates.append(selected)
            else:
                fates.append(selected.refused(DropReason(label)))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """Nothing beside what every kind of row has."""
        return {}
