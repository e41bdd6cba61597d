"""Weights of training examples under `train.objective.weight_by_problem`. Called by the train stage.

With N examples of P problems, n_p of them of problem p, each example of p weighs N / (P * n_p). Every problem then has
the total weight N / P, and the mean weight of an example is 1, so that losses keep their scale.
"""

from __future__ import annotations

from collections.abc import Mapping


def problem_weights(num_examples_by_problem: Mapping[str, int]) -> dict[str, float]:
    """The weight of one example of each problem; problems without examples must be left out (ValueError)."""
    if any(count < 1 for count in num_examples_by_problem.values()):
        raise ValueError("a problem without examples has no weight")
    share = sum(num_examples_by_problem.values()) / max(len(num_examples_by_problem), 1)
    return {problem_id: share / count for problem_id, count in num_examples_by_problem.items()}
