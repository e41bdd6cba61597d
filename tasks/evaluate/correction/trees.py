"""Repair trees of held-out problems: several first attempts, and several repairs of each that is wrong. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from configs.schema.revision.evaluate import RepairTrees
from tasks.core.paths import path_of
from tasks.core.records import Label
from tasks.evaluate.correction.repair_tree import repair_success
from tasks.evaluate.statistics import pass_at_k
from tasks.sample.revision.revising import Revising

Tree = Sequence[int | None]
"""of each first attempt of a problem how many of its repairs are right; None for a right one"""


def tree_of(episode: Revising, judge: str, num_samples: int) -> Tree:
    """The tree of one problem; a first attempt that was never answered is wrong, and has no right repair.

    Args:
        judge: name of the one that knows gold.
        num_samples: first attempts that were asked for.
    """
    nodes = {node.id: node for node in episode.nodes}
    found: dict[str, int | None] = {}
    for node in (one for one in episode.nodes if one.is_answer):
        is_right = episode.opinions[node.id][judge].label == Label.CORRECT
        root = path_of(node, nodes)[0].id
        if node.id == root:
            found[root] = None if is_right else 0
        elif (number := found[root]) is not None:
            found[root] = number + is_right
    return [*found.values(), *[0] * (num_samples - len(found))]


def tree_numbers(trees: Sequence[Tree], asked: RepairTrees) -> dict[str, float]:
    """repair_K_R: success of K attempts with R repairs of each wrong one; repair_pass_at_N: of as many draws, N =
    K (1 + R), where there are so many. Means over problems; both sides know which attempt is right."""
    found: dict[str, float] = {}
    for attempts, repairs in asked.budgets:
        successes = [repair_success(tree, asked.num_repairs, attempts, repairs) for tree in trees]
        found[f"repair_{attempts}_{repairs}"] = fmean(successes)
        size = attempts * (1 + repairs)
        if size <= asked.num_samples:
            rights = (tree.count(None) for tree in trees)
            found[f"repair_pass_at_{size}"] = fmean(pass_at_k(asked.num_samples, right, size) for right in rights)
    return found
