"""Revising against drawing again with as many tokens. Pure.

A chain costs k* attempts: its tokens over those of one attempt. What k* independent draws would have given is read
between floor and ceil of k*, from all subsets of the draws that were made. Like stands beside like: the final answer
beside a majority's, for which nobody knows what is right, and coverage beside pass@k, for which somebody does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, floor
from statistics import fmean

from tasks.evaluate.correction.course import Course
from tasks.evaluate.statistics import bootstrap_interval, pass_at_k
from tasks.evaluate.subsets import Answers, majority_chances

Found = dict[str, float]


def budget_of(courses: Sequence[Course]) -> float | None:
    """k*: tokens of all chains / tokens of their first attempts, 1 or more; None where nothing was written."""
    first = sum(one.num_tokens_first for one in courses)
    return sum(one.num_tokens for one in courses) / first if first else None


def at_budget(value: Callable[[int], float], budget: float) -> float:
    """A function of a number of draws, linear between whole numbers.

    Args:
        budget: at least 1.
    """
    low, high = floor(budget), ceil(budget)
    return value(low) + (budget - low) * (value(high) - value(low)) if high > low else value(low)


def budget_numbers(
    courses: Sequence[Course], draws: Sequence[Answers], turns: int, seed: int, *, oracle: bool
) -> Found:
    """budget (k*), majority_at_budget, pass_at_budget, and gain_over_majority with _low and _high.

    gain_over_majority is accuracy_final - majority_at_budget; its interval is the paired bootstrap's over problems,
    95 %, at this k*. Ties of a majority are broken at random. What needs more draws than there are is left out.

    Args:
        courses: of one suite.
        draws: of each course's problem, as many for all: answer and correctness.
        turns: the most attempts that a chain may have.
        seed: of the bootstrap.
        oracle: whether pass_at_budget is wanted.

    Raises:
        ValueError: courses and draws are not of the same number.
    """
    budget = budget_of(courses)
    if budget is None:
        return {}
    found = {"budget": budget}
    if ceil(budget) > min(map(len, draws), default=0):
        return found
    majorities = [at_budget(partial(_majority, of), budget) for of in draws]
    gains = [one.at(turns).is_right - majority for one, majority in zip(courses, majorities, strict=True)]
    low, high = bootstrap_interval(gains, seed)
    found |= {"majority_at_budget": fmean(majorities), "gain_over_majority": fmean(gains)}
    found |= {"gain_over_majority_low": low, "gain_over_majority_high": high}
    if oracle:
        found["pass_at_budget"] = fmean(at_budget(partial(_pass, of), budget) for of in draws)
    return found


def _majority(draws: Answers, k: int) -> float:
    return majority_chances(draws, k).expected


def _pass(draws: Answers, k: int) -> float:
    return pass_at_k(len(draws), sum(is_right for _, is_right in draws), k)
