"""What to keep of an experiment, and what to remove. Pure.

Kept rounds: the baseline; the last n; the champion, whoever chose it, and what the loop itself takes for champion and
incumbent; every pinned round. Of a kept round everything stays, and with it

* the steps that its records name as inputs, and every step of the loop's state before and after it;
* the weights under an adapter that is kept: both are named by the state.

Steps that are kept only as inputs do not keep their own inputs in turn: they are published, and nothing computes them
again. Answers (`tasks/core/answer_folder.py`) go with the first step that their round loses: nothing asks for them
again. The loop goes on behind the last round that lost a step, from the state in that round's entry, so the steps of
that state are kept too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.housekeeping.inventory import Inventory, Leftover, StoredAnswers, StoredStep, refs_in
from tasks.report.entry import ReportEntry


@dataclass(frozen=True)
class Removal:
    """What can go.

    Attributes:
        rounds: finished rounds that lose steps, with these steps.
        superseded: steps of earlier forms of the recipe.
        answers: of the rounds that lose steps.
        abandoned: uploads that no run goes on with.
    """

    rounds: dict[int, tuple[StoredStep, ...]]
    superseded: tuple[StoredStep, ...]
    answers: tuple[StoredAnswers, ...]
    abandoned: tuple[Leftover, ...]

    def steps(self) -> list[StoredStep]:
        """All steps that go, later rounds first: what others were made from goes last."""
        found = [step for steps in self.rounds.values() for step in steps] + list(self.superseded)
        return sorted(found, key=lambda step: (-step.ref.round, step.ref.prefix))


def find_removable(inventory: Inventory, keep_last: int | None) -> Removal:
    """What the rules leave no reason to keep.

    Args:
        keep_last: finished rounds to keep; None: all of them, and only abandoned uploads go.
    """
    abandoned = tuple(left for left in inventory.leftovers if left.round < len(inventory.entries))
    if keep_last is None or not inventory.entries:
        return Removal({}, (), (), abandoned)
    kept_rounds = rounds_to_keep(inventory, keep_last)
    listed = {prefix: entry.report.round for entry in inventory.entries for prefix in _of_round(entry)}
    needed = _needed(inventory, kept_rounds)
    needed |= _needed_to_resume(inventory, listed, needed)
    free = [
        step for step in inventory.steps
        if step.ref.prefix not in needed and step.ref.round < len(inventory.entries)
    ]  # fmt: skip
    rounds: dict[int, list[StoredStep]] = {}
    for step in free:
        if step.ref.prefix in listed:
            rounds.setdefault(listed[step.ref.prefix], []).append(step)
    superseded = tuple(step for step in free if step.ref.prefix not in listed)
    answers = tuple(item for item in inventory.answers if item.round in rounds)
    return Removal({round: tuple(steps) for round, steps in rounds.items()}, superseded, answers, abandoned)


def rounds_to_keep(inventory: Inventory, keep_last: int) -> set[int]:
    """Rounds of which everything stays."""
    entries = inventory.entries
    kept = {0, *range(max(0, len(entries) - keep_last), len(entries)), *inventory.pinned}
    titles = {entries[-1].state.champion.digest, entries[-1].state.incumbent.digest}
    kept |= {entry.report.round for entry in entries if entry.model is not None and entry.model.digest in titles}
    if inventory.champion is not None:
        kept.add(inventory.champion)
    return {round for round in kept if round < len(entries)}


def _needed(inventory: Inventory, rounds: set[int]) -> set[str]:
    """Prefixes of the steps of some rounds, and of what these were made from."""
    entries = inventory.entries
    needed: set[str] = set()
    for round in rounds:
        needed |= set(_of_round(entries[round]))
        for entry in entries[max(0, round - 1) : round + 1]:
            needed |= {ref.prefix for ref in refs_in(entry.state)}
    inputs = {key for step in inventory.steps if step.ref.prefix in needed for key in step.inputs}
    return needed | {step.ref.prefix for step in inventory.steps if step.ref.key in inputs}


def _needed_to_resume(inventory: Inventory, listed: dict[str, int], needed: set[str]) -> set[str]:
    """Prefixes in the state that the loop goes on from: that after the last round which loses a step, or lost one.

    A removal that was killed has said so already, and may have left no step of that round to tell by.
    """
    lost = [listed[step.ref.prefix] for step in inventory.steps
            if step.ref.prefix in listed and step.ref.prefix not in needed]  # fmt: skip
    if inventory.cleared is not None and inventory.cleared < len(inventory.entries):
        lost.append(inventory.cleared)
    return {ref.prefix for ref in refs_in(inventory.entries[max(lost)].state)} if lost else set()


def _of_round(entry: ReportEntry) -> Iterator[str]:
    yield from entry.report.steps.values()
    yield from (ref.prefix for ref in refs_in(entry.model))
