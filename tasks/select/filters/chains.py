"""Filters that read what became of the attempts of a chain: small ones, of one thought each.

Chains are those of `joined.py`: a candidate with the texts above it and what was said of it. Right is what the judge
calls correct; everything else is not, whatever the reason; but where the judge's answer is missing, there is no move.
An attempt that is not a revision has no attempt before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from configs.schema.select_chains import Calls, Cut, Gain, Helps, Leaves, Moves, OnePer, PassRate, Pattern, Rescued
from tasks.answer.equal import clusters
from tasks.core.joined import Candidate
from tasks.core.records import SAID_RIGHT, DropReason, Label, Part, Verdict
from tasks.select.filters.basic import without_score
from tasks.select.filters.filter import Draw

Refusals = list[DropReason | None]


def is_right(one: Candidate, judge: str | None) -> bool:
    """Whether the judge calls it correct."""
    return one.verdict(judge).label == Label.CORRECT


def leaves(group: Sequence[Candidate], config: Leaves, draw: Draw) -> Refusals:
    """Attempts after which no other was written stay; with `inner` all do."""
    return [None if config.inner or one.is_last else DropReason.REVISED for one in group]


def moves(group: Sequence[Candidate], config: Moves, draw: Draw) -> Refusals:
    """Chains with a wanted move, or with wanted moves only, stay."""
    return [None if _moves(one, config) <= set(config.of) else DropReason.WRONG_MOVE for one in group]


def gain(group: Sequence[Candidate], config: Gain, draw: Draw) -> Refusals:
    """Revisions that are better than what they revise stay (STaSC, arXiv 2503.08681: D+, or D+ with D=).

    In the paper's code the non-decreasing option keeps right-to-right revisions alone: `moves: [right_to_right]`.
    """
    return [_no_gain(one, config) for one in group]


def helps(group: Sequence[Candidate], config: Helps, draw: Draw) -> Refusals:
    """The first right revision after each text that led to enough of them stays."""
    below: dict[str | None, list[Candidate]] = {}
    for one in group:
        below.setdefault(one.sample.parent_id, []).append(one)
    kept: set[str] = set()
    for parent, revisions in below.items():
        right = [one for one in revisions if is_right(one, config.judge)]
        wanted = len(revisions) if config.of == "all" else 1
        if parent is not None and len(right) >= max(wanted, config.at_least):
            kept.add(right[0].sample.id)
    return [None if one.sample.id in kept else DropReason.NO_RECOVERY for one in group]


def pattern(group: Sequence[Candidate], config: Pattern, draw: Draw) -> Refusals:
    """Chains whose parts are the order, several times over, stay."""
    return [None if _has_order(one, config) else DropReason.ORDER for one in group]


def cut(group: Sequence[Candidate], config: Cut, draw: Draw) -> Refusals:
    """Attempts at which a chain is cut stay: each chain ends at one of its attempts, and is written as far as that."""
    ends = {_end_of(one, config.judge) for one in group if one.is_last}
    return [None if one.sample.id in ends else DropReason.CUT for one in group]


def pass_rate(group: Sequence[Candidate], config: PassRate, draw: Draw) -> Refusals:
    """All or none of a problem's samples, by the share of right ones among those that chains begin with."""
    is_inside = bool(group) and config.low <= right_share(group, config.judge) <= config.high
    return [None if is_inside else DropReason.OUTSIDE_RATE] * len(group)


def right_share(group: Sequence[Candidate], judge: str | None) -> float:
    """Share of right ones among those that the chains of a problem begin with; at least one answer is needed."""
    firsts = {one.attempts[0].sample.id: is_right(one.attempts[0], judge) for one in group}
    return sum(firsts.values()) / len(firsts)


def rescued(group: Sequence[Candidate], config: Rescued, draw: Draw) -> Refusals:
    """Right revisions of a problem that no first attempt solves stay."""
    is_solved = any(is_right(one.attempts[0], config.judge) for one in group)
    return [
        None if not is_solved and one.chain and is_right(one, config.judge) else DropReason.NO_RECOVERY for one in group
    ]


def calls(group: Sequence[Candidate], config: Calls, draw: Draw) -> Refusals:
    """Chains in which code was run as often stay."""
    numbers = [sum(len(text.sample.inserted) for text in one.whole_chain) for one in group]
    most = max(numbers, default=0) if config.high is None else config.high
    return [None if config.low <= number <= most else DropReason.CALLS for number in numbers]


def one_per(group: Sequence[Candidate], config: OnePer, draw: Draw) -> Refusals:
    """The first sample of each group stays."""
    answers = clusters([one.verdict(config.judge).answer for one in group])
    groups = [_group_of(one, answer, config) for one, answer in zip(group, answers, strict=True)]
    return [DropReason.SAME_GROUP if name in groups[:place] else None for place, name in enumerate(groups)]


def _moves(one: Candidate, config: Moves) -> set[str]:
    """The moves that must be wanted ones."""
    labels = [_called(attempt, config.judge) for attempt in one.attempts]
    if len(labels) == 1:
        return {labels[0]}
    found = [f"{before}_to_{after}" for before, after in pairwise(labels)]
    return set(found if config.which == "every" else found[-1:])


def _called(one: Candidate, judge: str | None) -> str:
    if one.verdict(judge).label == Label.MISSING:
        return "missing"  # no move that anyone wants begins or ends here
    return "right" if is_right(one, judge) else "wrong"


def _no_gain(one: Candidate, config: Gain) -> DropReason | None:
    if len(one.attempts) == 1:
        return DropReason.NO_GAIN
    before, after = (attempt.verdict(config.judge) for attempt in one.attempts[-2:])
    if after.score is None:
        return without_score(after)
    is_equal = before.score is not None and after.score == before.score
    is_equally_good = is_equal and config.or_equal_from is not None and after.score >= config.or_equal_from
    return None if is_better(before, after, config.above) or is_equally_good else DropReason.NO_GAIN


def is_better(before: Verdict, after: Verdict, above: float) -> bool:
    """Whether a judge scores the one higher, by more than `above`. What it calls correct is better than what it could
    not score; otherwise what has no score cannot be compared."""
    if after.score is None or before.score is None:
        return before.score is None and after.label == Label.CORRECT
    return after.score - before.score > above


def _has_order(one: Candidate, config: Pattern) -> bool:
    parts = [text.sample.part for text in one.whole_chain]
    times, rest = divmod(len(parts), len(config.order))
    return rest == 0 and len(parts) <= config.max_parts and parts == [*config.order] * times


def _end_of(one: Candidate, judge: str | None) -> str:
    """Id of the attempt at which the chain is cut."""
    last_right = None
    for place, text in enumerate(one.whole_chain):
        if not text.sample.is_answer or not is_right(text, judge):
            continue
        after = one.whole_chain[place + 1 : place + 2]
        if after and after[0].sample.part == Part.VERDICT and after[0].sample.said == SAID_RIGHT:
            return text.sample.id
        last_right = text.sample.id
    return last_right or one.sample.id


def _group_of(one: Candidate, answer: str | None, config: OnePer) -> Hashable:
    if config.of == "problem":
        return one.problem.id
    if config.of == "root":
        return one.attempts[0].sample.id
    return ("answer", answer) if answer is not None else one.sample.id
