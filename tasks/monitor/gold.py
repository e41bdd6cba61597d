"""Which samples are correct against gold, where gold exists: from the recipe's answer judge, or by verifying here.

Called by `tasks/monitor/run.py`. Verifiers run elsewhere, behind `verify_all`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from configs.schema.verifiers.kinds import Verifier
from tasks.core.joined import Group
from tasks.core.records import Label, Part, Problem, Sample, Verdict
from tasks.judge.verifiers.registry import explain_gold
from tasks.monitor.group import Known


def known_from_judge(judge: str) -> Known:
    """Correctness from the labels of a judge that compares with gold.

    A problem in which it scored without calling right or wrong is not known.
    """

    def known(group: Group) -> list[bool] | None:
        labels = [verdict.label for verdict in group.verdicts[judge]]
        return None if Label.UNSCORED in labels else [label == Label.CORRECT for label in labels]

    return known


def known_from_verifier(
    samples: Iterable[Sample],
    problem_ids: Container[str],
    verify_all: Callable[[Iterable[Sample]], Iterator[Verdict]],
) -> Known:
    """Correctness by the evaluation's verifier, for the problems whose gold answer it can compare with.

    Candidates for one step of a solution have no answer to compare yet: they are neither right nor wrong.

    Args:
        samples: all samples of the round, a second reading of those that the groups are made of.
        problem_ids: of these problems.
        verify_all: one verdict a sample, in order; given the samples of these problems alone.
    """
    verdicts = verify_all(one for one in samples if one.problem_id in problem_ids and one.part != Part.STEP)

    def known(group: Group) -> list[bool] | None:
        if group.problem.id not in problem_ids or group.samples[0].part == Part.STEP:
            return None
        found = [next(verdicts) for _ in group.samples]
        assert [verdict.sample_id for verdict in found] == [sample.id for sample in group.samples], "another order"
        if any(verdict.label == Label.UNSCORED for verdict in found):
            return None
        return [verdict.label == Label.CORRECT for verdict in found]

    return known


def has_gold(problem: Problem, verifier: Verifier) -> bool:
    """Whether the problem has an answer that this verifier can compare with."""
    return problem.gold is not None and explain_gold(problem.gold, verifier) is None


def gold_is_unknown(group: Group) -> None:
    """For rounds whose problems have no gold at all."""
