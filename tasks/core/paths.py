"""Paths through the samples of one problem: a chain of corrections, a conversation, a branch of a search. Pure.

A sample is a node with its parent (`records/sample.py`); the path of a node leads from the first text of its episode to
the node itself. An independent draw is its own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from configs.errors import UserError
from tasks.core.records import Sample


def path_of(node: Sample, nodes: Mapping[str, Sample]) -> tuple[Sample, ...]:
    """The path from the first text of the episode to `node`, both included.

    Args:
        nodes: the samples of the node's problem, by id.

    Raises:
        UserError: a parent is not among the nodes, or the parents go round in a circle.
    """
    path, seen = [node], {node.id}
    while (parent_id := path[-1].parent_id) is not None:
        parent = nodes.get(parent_id)
        if parent is None:
            raise UserError(
                f"sample {path[-1].id} was asked after sample {parent_id}, which is not among the samples of problem "
                f"{node.problem_id}",
                "give all samples of the episode: a chain is read from its first text on",
            )
        if parent_id in seen:
            raise UserError(
                f"the parents of sample {node.id} go round in a circle: {parent_id} is met twice",
                "give the samples as the generate stage wrote them",
            )
        seen.add(parent_id)
        path.append(parent)
    return tuple(reversed(path))


def check_depth_first(nodes: Iterable[Sample]) -> None:
    """Accept the nodes of one problem where each follows its parent or another text below that parent.

    Raises:
        UserError: a node stands elsewhere; names it.
    """
    open_path: list[str] = []
    for node in nodes:
        if node.parent_id is not None and node.parent_id not in open_path:
            raise UserError(
                f"sample {node.id} does not stand below its parent {node.parent_id}",
                "list the samples of a problem depth first: a text, then all that was asked after it",
            )
        depth = 0 if node.parent_id is None else open_path.index(node.parent_id) + 1
        open_path = [*open_path[:depth], node.id]
