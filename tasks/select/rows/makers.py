"""Kept samples as rows of SFT (`examples`) and of KTO (`labelled`). Called by `write.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.core.records import DropReason, Example, Label
from tasks.select.filters.filter import Candidate
from tasks.select.rows.formats import Formats
from tasks.select.selection import Selected

_DESIRABLE = {Label.CORRECT: True, Label.WRONG: False}


class ExampleMaker:
    """Each kept sample is one row, or one in every format.

    Args:
        weights: of one example, by problem; kept samples of a problem without weight are dropped as one_sided. None:
            every example weighs 1.
    """

    record: type = Example

    def __init__(self, formats: Formats, weights: Mapping[str, float] | None = None) -> None:
        self._formats, self._weights = formats, weights

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        weight = 1.0 if self._weights is None else self._weights.get(group[0].sample.problem_id)
        if weight is None:
            return [], [selected.refused(DropReason.ONE_SIDED) for selected in group]
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            written = write_rows(selected.candidate, self._formats, weight) if selected.reason is None else []
            rows += written
            fates.append(selected if written else selected.refused(DropReason.UNPARSEABLE))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """Nothing beside what every kind of row has."""
        return {}


class LabelledMaker:
    """Each sample that the first judge calls correct is a desirable row, each wrong one an undesirable one; the others
    are dropped for what the judge said (KTO, arXiv 2402.01306)."""

    record: type = Example

    def __init__(self, formats: Formats) -> None:
        self._formats = formats

    def make(self, group: Sequence[Selected]) -> tuple[list[Example], list[Selected]]:
        """The problem's rows, and the fates of its samples."""
        rows: list[Example] = []
        fates: list[Selected] = []
        for selected in group:
            label = Label(selected.candidate.verdict(None).label)
            if label in _DESIRABLE:
                is_kept = selected.reason is None
                rows += write_rows(selected.candidate, self._formats, 1.0, _DESIRABLE[label]) if is_kept else []
                fates.append(selected)
            else:
                fates.append(selected.refused(DropReason(label)))
        return rows, fates

    def numbers(self) -> dict[str, float | int | None]:
        """Nothing beside what every kind of row has."""
        return {}


def write_rows(
    candidate: Candidate, formats: Formats, weight: float, is_desirable: bool | None = None
) -> list[Example]:
    """A sample in every format; nothing where all formats are bare answers and it has none."""
    example = to_example(candidate, weight, is_desirable)
    return list(formats.write(example, candidate.problem, candidate.verdict(None).answer))


def to_example(candidate: Candidate, weight: float = 1.0, is_desirable: bool | None = None) -> Example:
    """A sample as a row of training: its problem's chat, and its text as the completion."""
    sample, problem = candidate.sample, candidate.problem
    return Example(sample.id, problem.id, problem.messages, sample.text, weight, sample.prefix, is_desirable)
