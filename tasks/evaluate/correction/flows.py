"""What revising does to held-out problems: accuracy by turn, right that becomes wrong and wrong that becomes right, and
what the model's own verdicts are worth. Pure.

Every problem is in every denominator of a turn: a chain that ended earlier stays at its last attempt. Papers mix two
conventions for moves; both are given. Shares are of all problems (SCoRe, arXiv 2409.12917; self-rewarding correction,
arXiv 2502.19613), rates are of the problems that were right, or wrong, before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tasks.evaluate.correction.course import Attempt, Course
from tasks.evaluate.statistics import PairedCounts, mcnemar_exact

Found = dict[str, float]


def flow_numbers(courses: Sequence[Course], turns: int) -> Found:
    """accuracy_tT, accuracy_final, delta, moves from first to final and between turns, edits, and the length of chains.

    delta is accuracy_final - accuracy_t1; p_value of the exact McNemar test of final against first. Rates without a
    denominator are left out.

    Args:
        courses: of one suite, at least one.
        turns: the most attempts that a chain may have, at least 1.
    """
    num_problems = len(courses)
    by_turn = [sum(one.at(turn).is_right for one in courses) / num_problems for turn in range(1, turns + 1)]
    found = {f"accuracy_t{turn}": share for turn, share in enumerate(by_turn, 1)}
    whole = moves(courses, 1, turns)
    found |= {"accuracy_final": by_turn[-1], "delta": by_turn[-1] - by_turn[0], **move_numbers(whole)}
    found["p_value"] = mcnemar_exact(whole.gained, whole.lost)
    for before, after in pairwise(range(1, turns + 1)) if turns > 2 else ():
        between = move_numbers(moves(courses, before, after))
        found |= {f"{name}_t{before}_t{after}": value for name, value in between.items()}
    return found | _edits(courses, turns)


def coverage_numbers(courses: Sequence[Course], turns: int) -> Found:
    """coverage_tT: share of problems with a right attempt up to turn T. It is pass@T of somebody who knows the answer
    and stops there: an upper bound, and no accuracy."""
    return {
        f"coverage_t{turn}": sum(one.was_right_by(turn) for one in courses) / len(courses)
        for turn in range(1, turns + 1)
    }


def moves(courses: Sequence[Course], before: int, after: int) -> PairedCounts:
    """How many problems are right or wrong after one turn and after a later one."""
    pairs = [(one.at(before).is_right, one.at(after).is_right) for one in courses]
    return PairedCounts(*(pairs.count(pair) for pair in ((False, True), (True, False), (True, True), (False, False))))


def move_numbers(counts: PairedCounts) -> Found:
    """wrong_to_right and right_to_wrong as shares of all problems, and as `_rate` of those wrong, or right, before."""
    found = {"wrong_to_right": counts.gained / sum(counts), "right_to_wrong": counts.lost / sum(counts)}
    if was_wrong := counts.gained + counts.neither:
        found["wrong_to_right_rate"] = counts.gained / was_wrong
    if was_right := counts.lost + counts.both:
        found["right_to_wrong_rate"] = counts.lost / was_right
    return found


def verdict_numbers(courses: Sequence[Course]) -> Found:
    """What the model's verdicts on its own attempts are worth; empty where it gives none.

    verdict_recall_right: verdicts "right" on right attempts / verdicts on right attempts; verdict_recall_wrong
    likewise: one number for both would hide a model that always says the same. unread_share: verdicts that could not be
    read / verdicts. misled_right_to_wrong: of right attempts that were called wrong and revised, those that became
    wrong.
    """
    judged = [attempt for one in courses for attempt in one.attempts if attempt.has_verdict]
    if not judged:
        return {}
    found = {"unread_share": sum(attempt.said_right is None for attempt in judged) / len(judged)}
    for name, is_right in (("right", True), ("wrong", False)):
        if told := [attempt.said_right for attempt in judged if attempt.is_right == is_right]:
            found[f"verdict_recall_{name}"] = told.count(is_right) / len(told)
    misled = [after.is_right for before, after in _revisions(courses) if before.is_right and before.said_right is False]
    if misled:
        found["misled_right_to_wrong"] = misled.count(False) / len(misled)
    return found


def _edits(courses: Sequence[Course], turns: int) -> Found:
    """edit_share: problems whose final answer is not the first / problems. same_text_share: revisions whose text is
    that before / revisions. mean_attempts, tokens, calls: means over problems."""
    edited = sum(one.at(1).answer != one.at(turns).answer for one in courses)
    same = [before.text.strip() == after.text.strip() for before, after in _revisions(courses)]
    num_problems = len(courses)
    return {
        "edit_share": edited / num_problems,
        **({"same_text_share": sum(same) / len(same)} if same else {}),
        "mean_attempts": sum(len(one.attempts) for one in courses) / num_problems,
        "tokens": sum(one.num_tokens for one in courses) / num_problems,
        "calls": sum(one.num_calls for one in courses) / num_problems,
    }


def _revisions(courses: Sequence[Course]) -> Iterator[tuple[Attempt, Attempt]]:
    """Attempts with the attempt after them."""
    return (pair for one in courses for pair in pairwise(one.attempts))
