"""All that the cards of a published experiment are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.schema.recipe import Recipe
from tasks.core.refs import ModelRef
from tasks.publish.lineage import Trained
from tasks.publish.rows import Written
from tasks.report.entry import ReportEntry
from tasks.report.rounds import RoundReport


@dataclass(frozen=True)
class Told:
    """All that cards are made of.

    Attributes:
        base_id, base_commit: the base on the hub; None where it lies elsewhere.
        kind: what the model's folder holds, in words.
        p_value: exact McNemar test on the report set, the model against that of round 0; None: not tested.
        recipe_digest: of what the recipe computes, 12 digits.
        contents: digests of the files that the recipe names.
        data_repository: NAMESPACE/NAME of the data set on the hub; None in a folder.
    """

    experiment: str
    recipe: Recipe
    entries: Sequence[ReportEntry]
    champion: ReportEntry
    model: ModelRef
    kind: str
    is_adapter: bool
    base_id: str | None
    base_commit: str | None
    trained: Sequence[Trained]
    rows: Written
    licence: str
    data_licence: str
    p_value: float | None
    recipe_digest: str
    contents: Mapping[str, str]
    data_repository: str | None = None

    @property
    def reports(self) -> list[RoundReport]:
        return [entry.report for entry in self.entries]
