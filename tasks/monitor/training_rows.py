"""What a round trains on, looked at row by row: which samples were kept, pairs' lengths, contamination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tasks.core.records import Example, Pair, Problem, spell
from tasks.core.step import Summary
from tasks.monitor.contamination import HeldOut
from tasks.monitor.texts import PairLengths

POLICY = "policy"


class TrainingRows:
    """Counts the rows of training.

    Attributes:
        kept_ids: samples that are to be learnt: chosen ones, and examples that are not labelled undesirable; of
            trajectories those whose advantages add up to more than 0.
        held_out: what of the held-out problems was met.
    """

    def __init__(self, suites: Mapping[str, Sequence[Problem]]) -> None:
        self.kept_ids: set[str] = set()
        self.held_out = HeldOut(suites)
        self._lengths = PairLengths()

    def add_all(self, rows: Iterable[Example | Pair]) -> None:
        """Count rows. Pairs of judgements count as training texts only."""
        for row in rows:
            prompt = row.messages[-1].content
            if isinstance(row, Example):
                self.held_out.add(prompt, (spell(row.completion),))
                if row.is_desirable is not False and (not row.advantages or sum(row.advantages) > 0):
                    self.kept_ids.add(row.sample_id)
            else:
                self.held_out.add(prompt, (spell(row.chosen), spell(row.rejected)))
                if row.role == POLICY:
                    self.kept_ids.add(row.chosen_id)
                    self._lengths.add(row)

    def add_texts(self, texts: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Count rows that the round did not select, as a prompt and what is trained on under it."""
        for prompt, trained in texts:
            self.held_out.add(prompt, trained)

    def numbers(self) -> Summary:
        """length_chosen, length_rejected, length_gap_pairs; contamination_share, contamination_items_SUITE."""
        return {**self._lengths.numbers(), **self.held_out.numbers()}
