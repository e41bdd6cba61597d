"""Success of attempts with repairs of the wrong ones, from one tree of draws. Pure; standard library only.

The question is that of "Is Self-Repair a Silver Bullet for Code Generation?" (arXiv 2306.09896), which draws subtrees
at random; here all of them are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def repair_success(num_right: Sequence[int | None], num_repairs: int, attempts: int, repairs: int) -> float:
    """Chance that one of some first attempts is right, or one of the repairs of those that are not, in [0, 1].

    1 - e_k(q) / C(N, k), with k attempts of N, q_i = C(N_r - c_i, r) / C(N_r, r) of every wrong attempt, and e_k the
    elementary symmetric polynomial. That is k (1 + r) texts: the number to set beside it is pass@k(1 + r).

    Args:
        num_right: of each of the N first attempts how many of its repairs are right; None for a right attempt.
        num_repairs: N_r, repairs of each wrong attempt.
        attempts: k, 1..N.
        repairs: r of each wrong one, 0..N_r.

    Raises:
        ValueError: more is asked for than there is.
    """
    if not (1 <= attempts <= len(num_right) and 0 <= repairs <= num_repairs):
        raise ValueError(
            f"needs 1..{len(num_right)} attempts and 0..{num_repairs} repairs of each, got {attempts} and {repairs}"
        )
    of_wrong = [number for number in num_right if number is not None]
    if any(not 0 <= number <= num_repairs for number in of_wrong):
        raise ValueError(f"right repairs must lie in 0..{num_repairs}, got {of_wrong}")
    fails = [comb(num_repairs - number, repairs) / comb(num_repairs, repairs) for number in of_wrong]
    return 1.0 - _elementary_symmetric(fails, attempts) / comb(len(num_right), attempts)


def _elementary_symmetric(values: Sequence[float], degree: int) -> float:
    """Sum over all choices of `degree` of the values of their products."""
    sums = [1.0, *[0.0] * degree]
    for value in values:
        for size in range(degree, 0, -1):
            sums[size] += value * sums[size - 1]
    return sums[degree]
