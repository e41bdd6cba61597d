"""Samples with their problems and with what judges said of them: what every stage after generate works on. Pure.

`joined` reads samples and verdicts side by side, `grouped` and `group_samples` put those of a problem together. All are
streamed: one problem's texts are in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, groupby

from configs.errors import ProblemsError, UserError
from tasks.core.paths import path_of
from tasks.core.records import Judgement, Message, Problem, Sample, Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sample with its problem and every judge's verdict on it, by judge name, in the recipe's order of judges.

    Attributes:
        verdicts: empty for texts around an answer, such as critiques: no judge looks at them.
        chain: the texts above it in its episode, first text first; empty for independent draws.
        after: texts that were asked after it before any further answer, such as the verdict on it. Where several were,
            the first of them.
        is_last: whether no further answer was asked after it.
        judgements: what judging models wrote about it, where it was asked for (`tasks/select/join.py`).
    """

    sample: Sample
    verdicts: Mapping[str, Verdict]
    problem: Problem
    chain: tuple[Candidate, ...] = ()
    after: tuple[Candidate, ...] = ()
    is_last: bool = True
    judgements: tuple[Judgement, ...] = ()

    @property
    def whole_chain(self) -> tuple[Candidate, ...]:
        """The texts above it, itself, and those after it."""
        return (*self.chain, self, *self.after)

    @property
    def chat(self) -> tuple[Message, ...]:
        """The chat that it is trained under by itself: the problem's, or the one that its draw stores."""
        sample = self.sample
        return sample.stored if sample.stored and sample.parent_id is None else self.problem.messages

    @property
    def attempts(self) -> tuple[Candidate, ...]:
        """The answers of its chain, first answer first, itself last."""
        return (*(one for one in self.chain if one.sample.is_answer), self)

    def verdict(self, judge: str | None) -> Verdict:
        """That judge's verdict; the first judge's for None."""
        return self.verdicts[judge] if judge is not None else next(iter(self.verdicts.values()))

    @property
    def is_guided(self) -> bool:
        """Drawn with help: not exchangeable with the problem's other samples."""
        return self.sample.privileged


def with_chains(members: Sequence[Candidate]) -> list[Candidate]:
    """The answers among the texts of one problem, each with its chain, in their order.

    Raises:
        UserError: a chain's parent is missing.
    """
    if all(member.sample.parent_id is None for member in members):
        return [member for member in members if member.sample.is_answer]
    by_id = {member.sample.id: member for member in members}
    nodes = {member.sample.id: member.sample for member in members}
    paths = {node.id: path_of(node, nodes) for node in nodes.values()}
    answered = {above.id for node in nodes.values() if node.is_answer for above in paths[node.id][:-1]}
    first_below: dict[str, Candidate] = {}
    for member in members:
        if member.sample.parent_id is not None:
            first_below.setdefault(member.sample.parent_id, member)
    return [
        replace(
            member,
            chain=tuple(by_id[above.id] for above in paths[member.sample.id][:-1]),
            after=tuple(_below(member, first_below)),
            is_last=member.sample.id not in answered,
        )
        for member in members
        if member.sample.is_answer
    ]


def _below(member: Candidate, first_below: Mapping[str, Candidate]) -> Iterator[Candidate]:
    """The first text below, the first below that, and so on, up to the next answer."""
    while (found := first_below.get(member.sample.id)) is not None and not found.sample.is_answer:
        yield found
        member = found


@dataclass(frozen=True, slots=True)
class Group:
    """A problem with its samples, in their order.

    Attributes:
        verdicts: by judge name, in the recipe's order; one a sample, in the samples' order. Empty where nobody judged.
    """

    problem: Problem
    samples: Sequence[Sample]
    verdicts: Mapping[str, Sequence[Verdict]] = field(default_factory=dict)

    @property
    def whole_samples(self) -> tuple[Sample, ...]:
        """The samples that are neither truncated nor missing: those that are judged."""
        return tuple(sample for sample in self.samples if sample.is_whole)

    @property
    def candidates(self) -> list[Candidate]:
        """The samples one by one, each with its own verdicts."""
        return [
            Candidate(sample, {judge: verdicts[place] for judge, verdicts in self.verdicts.items()}, self.problem)
            for place, sample in enumerate(self.samples)
        ]

    def where(self, wanted: Sequence[bool]) -> Group:
        """The samples marked True, with their verdicts."""
        return Group(
            self.problem,
            tuple(compress(self.samples, wanted)),
            {judge: tuple(compress(verdicts, wanted)) for judge, verdicts in self.verdicts.items()},
        )


def joined(
    samples: Iterable[Sample], verdicts: Iterable[Verdict], judges: Sequence[str], problems: Mapping[str, Problem]
) -> Iterator[Candidate]:
    """Each sample with its problem and its verdicts, in the order of the samples.

    Args:
        verdicts: one for each answer and judge: all of a sample, in the order of `judges`, then the next sample's.
        judges: names.
        problems: by id.

    Raises:
        UserError: the verdicts are not those of the samples.
        ProblemsError: a sample's problem is not there.
    """
    stream = iter(verdicts)
    for sample in samples:
        by_judge: dict[str, Verdict] = {}
        for name in judges if sample.is_answer else ():
            verdict = next(stream, None)
            if verdict is None or (verdict.sample_id, verdict.judge) != (sample.id, name):
                raise _mismatch(f"sample {sample.id}, judge {name}", verdict)
            by_judge[name] = verdict
        yield Candidate(sample, by_judge, find_problem(sample, problems))
    if (verdict := next(stream, None)) is not None:
        raise _mismatch("the end", verdict)


def grouped(candidates: Iterable[Candidate]) -> Iterator[Group]:
    """Problem after problem with its answers, in the order of the candidates; texts around answers are left out.

    Raises:
        UserError: candidates of a problem lie apart.
    """
    return map(_group, by_problem(one for one in candidates if one.sample.is_answer))


def by_problem(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """The candidates of problem after problem, in their order; errors as `grouped`."""
    seen: set[str] = set()
    for problem_id, members in groupby(candidates, key=lambda candidate: candidate.problem.id):
        if problem_id in seen:
            raise UserError(
                f"samples of problem {problem_id} lie apart", "sort the samples by problem, then judge them"
            )
        seen.add(problem_id)
        yield list(members)


def group_samples(samples: Iterable[Sample], problems: Mapping[str, Problem]) -> Iterator[Group]:
    """Problem after problem, without verdicts, in the order of the samples.

    Raises:
        ProblemsError: a sample's problem is not there.
    """
    for _, members in groupby(samples, key=lambda sample: sample.problem_id):
        group = tuple(members)
        yield Group(find_problem(group[0], problems), group)


def find_problem(sample: Sample, problems: Mapping[str, Problem]) -> Problem:
    """The problem of a sample.

    Raises:
        ProblemsError: it is not among the problems.
    """
    problem = problems.get(sample.problem_id)
    if problem is None:
        raise ProblemsError(
            f"sample {sample.id} belongs to problem {sample.problem_id}, which is not among the problems",
            "give the problems that the samples were drawn from",
        )
    return problem


def _group(members: Sequence[Candidate]) -> Group:
    judges = list(members[0].verdicts)
    verdicts = {judge: tuple(one.verdicts[judge] for one in members) for judge in judges}
    return Group(members[0].problem, tuple(one.sample for one in members), verdicts)


def _mismatch(expected: str, verdict: Verdict | None) -> UserError:
    found = f"sample {verdict.sample_id}, judge {verdict.judge}" if verdict else "the end"
    return UserError(
        f"the verdicts are not those of the samples: expected {expected}, found {found}",
        "judge these samples with the recipe's judges, and give the verdicts unchanged",
    )
