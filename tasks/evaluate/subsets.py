"""What k of a problem's n draws would have given: exact means over all subsets of k draws. Pure; standard library only.

Used by the evaluation (best-of-k, maj@k) and by the monitor (Pass@K-S, Best-of-K, Reward@K-S).

Papers: B-STaR (arXiv 2412.17256) for Pass@K-S and Reward@K-S; self-consistency (arXiv 2203.11171) for maj@k.
Where this differs: means are taken over all subsets by counting them, where the papers draw some at random.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb
from typing import NamedTuple

Answers = Sequence[tuple[Hashable | None, bool]]
"""of a problem's draws the answer, equal where it means the same, and whether it is correct"""


class Majority(NamedTuple):
    """What a majority vote over k draws gives, as chances in [0, 1]."""

    strict: float
    """the correct answer has more votes than any other; a tie counts as wrong"""
    expected: float
    """a tie for the top is broken at random"""
    tied: float
    """the correct answer shares the top"""


def best_at_k(is_correct: Sequence[bool], k: int) -> float:
    """Chance that the best scored of k draws is correct: sum_i u_i C(n-i, k-1) / C(n, k).

    Args:
        is_correct: u_1..u_n of all draws, best score first; ties in an order that does not look at correctness.
        k: 1..n.
    """
    return reward_at_k_s(is_correct, k, 1)


def reward_at_k_s(is_correct: Sequence[bool], k: int, s: int) -> float:
    """Reward@K-S: chance that the s best scored of k draws are all correct.

    sum_j u_j C(b_j, s-1) C(n-j, k-s) / C(n, k), with b_j the correct draws before place j.

    Args:
        is_correct: of all n draws, best score first.
        k, s: 1 <= s <= k <= n.
    """
    n = len(is_correct)
    _check(n, k, s)
    total = before = 0
    for place, correct in enumerate(is_correct, 1):
        if correct:
            total += comb(before, s - 1) * comb(n - place, k - s)
            before += 1
    return total / comb(n, k)


def pass_at_k_s(counts: Sequence[int], n: int, k: int, s: int) -> float:
    """Pass@K-S: chance that k draws hold at least s distinct correct ones.

    Args:
        counts: how often each distinct correct text was drawn; all 1 where no two are alike.
        n: draws of the problem, at least the sum of the counts.
        k, s: 1 <= s <= k <= n.
    """
    _check(n, k, s)
    num_correct = sum(counts)
    if num_correct > n or min(counts, default=1) < 1:
        raise ValueError(f"counts must be positive and add up to at most n {n}, got {list(counts)}")
    if num_correct == len(counts):
        few = sum(comb(num_correct, i) * comb(n - num_correct, k - i) for i in range(min(s, k + 1)))
    else:
        few = sum(row[k] for row in _ways_by_distinct(counts, n - num_correct, k, s))
    return 1.0 - few / comb(n, k)


def majority_at_k(answers: Answers, k: int) -> float:
    """maj@k: chance that the correct answer wins the vote of k draws outright; see `majority_chances`."""
    return majority_chances(answers, k).strict


def majority_chances(answers: Answers, k: int) -> Majority:
    """Majority votes over all subsets of k draws. A draw without an answer never wins, and stays one of the k.

    Args:
        answers: of all n draws the answer, equal where it means the same, and whether it is correct. Correct ones
            count as one answer however they are written; a draw without an answer is never correct.
        k: 1..n.
    """
    n = len(answers)
    _check(n, k, 1)
    num_correct = sum(correct for _, correct in answers)
    rivals = list(Counter(answer for answer, correct in answers if not correct and answer is not None).values())
    num_blank = n - num_correct - sum(rivals)
    strict = expected = tied = 0.0
    for votes in range(1, min(num_correct, k) + 1):
        for num_ties, ways in enumerate(_ways_by_ties(rivals, num_blank, k - votes, votes)):
            chance = comb(num_correct, votes) * ways / comb(n, k)
            strict += chance if num_ties == 0 else 0.0
            tied += chance if num_ties else 0.0
            expected += chance / (num_ties + 1)
    return Majority(strict, expected, tied)


def _ways_by_distinct(counts: Sequence[int], num_wrong: int, k: int, s: int) -> list[list[int]]:
    """ways[d][j]: choices of j draws with exactly d < s distinct correct texts."""
    ways = [[comb(num_wrong, j) for j in range(k + 1)], *([0] * (k + 1) for _ in range(s - 1))]
    for count in counts:
        for distinct in range(s - 1, -1, -1):
            fewer = ways[distinct - 1] if distinct else [0] * (k + 1)
            ways[distinct] = [
                ways[distinct][j] + sum(comb(count, m) * fewer[j - m] for m in range(1, min(count, j) + 1))
                for j in range(k + 1)
            ]
    return ways


def _ways_by_ties(rivals: Sequence[int], num_blank: int, size: int, votes: int) -> list[int]:
    """ways[t]: choices of `size` other draws in which t rivals have exactly `votes` votes, and none has more."""
    most = size // votes
    ways = [[comb(num_blank, j) for j in range(size + 1)], *([0] * (size + 1) for _ in range(most))]
    for count in rivals:
        longer = [[0] * (size + 1) for _ in ways]
        for ties, row in enumerate(ways):
            for j, number in enumerate(row):
                for m in range(min(count, votes, size - j) + 1 if number else 0):
                    longer[ties + (m == votes)][j + m] += comb(count, m) * number
        ways = longer
    return [row[size] for row in ways]


def _check(n: int, k: int, s: int) -> None:
    if not 1 <= s <= k <= n:
        raise ValueError(f"needs 1 <= s <= k <= n, got n {n}, k {k}, s {s}")
