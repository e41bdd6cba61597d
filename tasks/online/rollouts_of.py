"""A problem's texts of one wave as episodes: every path from a first text to a last one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from configs.schema.judges.kinds import Judge
from tasks.core.paths import path_of
from tasks.core.records import Label, Part, Sample, Verdict, is_true
from tasks.online.draw import Drawn
from tasks.online.leaks import gives_away
from tasks.online.rollout import Group, Rollout, Turn

UNKNOWN = (Label.MISSING, Label.VERIFIER_ERROR, Label.UNSCORED)
"""labels of attempts of which nobody knows whether they are right"""


def group_of(drawn: Drawn, judge: Judge, fork: str = "problem", control: str | None = None) -> Group:
    """The episodes of a problem, which are compared with each other.

    Args:
        judge: says what is right: the recipe's first.
        fork: turn: the first attempt is what they share, also where only one of them is left.
        control: name of the draw whose samples they are compared with.
    """
    nodes = {node.id: node for node in drawn.nodes}
    parents = {node.parent_id for node in drawn.nodes}
    paths = [path_of(node, nodes) for node in drawn.nodes if node.id not in parents]
    times = Counter(node.id for path in paths for node in path)
    times.update(path[0].id for path in paths if fork == "turn")
    verdicts: dict[str, dict[str, Verdict]] = {}
    for verdict in drawn.verdicts:
        verdicts.setdefault(verdict.sample_id, {})[verdict.judge] = verdict
    tags = dict(tag.partition("=")[::2] for tag in drawn.problem.tags)

    def episodes(is_control: bool) -> tuple[Rollout, ...]:
        return tuple(
            Rollout(path[-1].id, drawn.problem.id, _turns(path, drawn, verdicts, times, judge.name), tags)
            for path in paths
            if (control is not None and path[0].draw == control) == is_control
        )

    return Group(drawn.problem.id, episodes(False), episodes(True))


def _turns(
    path: tuple[Sample, ...],
    drawn: Drawn,
    verdicts: Mapping[str, Mapping[str, Verdict]],
    times: Mapping[str, int],
    judge: str,
) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    truth: Verdict | None = None
    is_leaked = False
    for node in path:
        tokens = drawn.tokens.get(node.id)
        own = verdicts.get(node.id, {})
        if node.part == Part.ATTEMPT:
            truth = own.get(judge)
            is_right = _is_right(truth)
        else:
            is_right = _is_true(node, truth)
        turns.append(
            Turn(
                node.id, node.part, node.id, 0, len(tokens.written) if tokens else 0, node.text,
                is_trained=tokens is not None,
                is_shared=times[node.id] > 1,
                is_truncated=node.is_truncated,
                is_leaked=is_leaked,
                verdicts=own,
                said=node.said,
                is_right=is_right,
                kl=drawn.divergence.get(node.id, {}),
            )
        )  # fmt: skip
        is_leaked = is_leaked or gives_away(node, drawn.problem.gold)
    return tuple(turns)


def _is_right(truth: Verdict | None) -> bool | None:
    return None if truth is None or truth.label in UNKNOWN else truth.label == Label.CORRECT


def _is_true(node: Sample, truth: Verdict | None) -> bool | None:
    if node.part != Part.VERDICT or truth is None or truth.label in UNKNOWN:
        return None
    return is_true(node.said, truth)
