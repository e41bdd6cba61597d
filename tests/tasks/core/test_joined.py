"""Samples, problems and verdicts become candidates and groups; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice

import pytest

from configs.errors import ProblemsError, UserError
from tasks.core.joined import Candidate, Group, group_samples, grouped, joined, with_chains
from tasks.core.records import Label, Problem, Sample, Verdict
from tests.build.records import make_problem, make_sample, make_scored, make_verdict

PROBLEMS = {name: make_problem(name) for name in ("p", "q", "r")}
SAMPLES = [make_sample("p"), make_sample("p", 1, is_truncated=True), make_sample("q")]


def read(samples: Sequence[Sample], verdicts: Sequence[Verdict], judges: Sequence[str] = ("answer",)) -> list[Group]:
    return list(grouped(joined(samples, verdicts, judges, PROBLEMS)))


def test_each_candidate_has_its_problem_and_all_verdicts() -> None:
    verdicts = [make_verdict(SAMPLES[2]), make_scored(SAMPLES[2], 0.5, "style")]
    (candidate,) = joined(SAMPLES[2:], verdicts, ["answer", "style"], PROBLEMS)
    assert candidate.problem is PROBLEMS["q"]
    assert list(candidate.verdicts.values()) == verdicts
    assert (candidate.verdict(None), candidate.verdict("style")) == tuple(verdicts)


def test_a_group_has_the_samples_and_verdicts_of_one_problem() -> None:
    verdicts = [make_verdict(sample, judge=judge) for sample in SAMPLES for judge in ("answer", "style")]
    groups = read(SAMPLES, verdicts, ("answer", "style"))
    assert [(group.problem.id, [sample.id for sample in group.samples]) for group in groups] == [
        ("p", ["p/0", "p/1"]),
        ("q", ["q/0"]),
    ]
    assert groups[0].verdicts == {"answer": (verdicts[0], verdicts[2]), "style": (verdicts[1], verdicts[3])}
    assert [one for group in groups for one in group.candidates] == list(
        joined(SAMPLES, verdicts, ["answer", "style"], PROBLEMS)
    )


def test_a_part_of_a_group_keeps_its_verdicts() -> None:
    verdicts = [make_verdict(sample) for sample in SAMPLES[:2]]
    (group,) = read(SAMPLES[:2], verdicts)
    assert group.where([False, True]) == Group(PROBLEMS["p"], (SAMPLES[1],), {"answer": (verdicts[1],)})


def test_truncated_samples_are_not_whole() -> None:
    first, second = group_samples(SAMPLES, PROBLEMS)
    assert first == Group(PROBLEMS["p"], tuple(SAMPLES[:2])) and first.whole_samples == (SAMPLES[0],)
    assert second.whole_samples == (SAMPLES[2],)
    assert first.candidates == [Candidate(sample, {}, PROBLEMS["p"]) for sample in SAMPLES[:2]]


def test_verdicts_of_other_samples_are_refused() -> None:
    verdicts = [make_verdict(sample) for sample in SAMPLES]
    for wrong, found in [
        (verdicts[::-1], "expected sample p/0, judge answer, found sample q/0, judge answer"),
        (verdicts[:2], "expected sample q/0, judge answer, found the end"),
        (verdicts * 2, "expected the end, found sample p/0, judge answer"),
        ([make_verdict(sample, judge="style") for sample in SAMPLES], "found sample p/0, judge style"),
        ([], "found the end"),
    ]:
        with pytest.raises(UserError, match=f"the verdicts are not those of the samples: .*{found}"):
            read(SAMPLES, wrong)


def test_samples_of_a_problem_must_lie_together() -> None:
    samples = [make_sample("p"), make_sample("q"), make_sample("p", 1)]
    with pytest.raises(UserError, match="problem p lie apart"):
        read(samples, [make_verdict(sample) for sample in samples])


def test_samples_of_unknown_problems_are_refused() -> None:
    sample = make_sample("z")
    with pytest.raises(ProblemsError, match="sample z/0 belongs to problem z"):
        read([sample], [make_verdict(sample)])
    with pytest.raises(ProblemsError, match="sample z/0 belongs to problem z"):
        list(group_samples([sample], PROBLEMS))


def test_one_problem_is_read_ahead_at_most() -> None:
    problems = {f"p{number}": Problem(f"p{number}", ()) for number in range(100)}
    samples = (make_sample(f"p{index // 4}", index) for index in count())
    verdicts = (make_verdict(make_sample(f"p{index // 4}", index)) for index in count())
    (group,) = islice(grouped(joined(samples, verdicts, ["answer"], problems)), 1)
    assert [sample.index for sample in group.samples] == [0, 1, 2, 3]
    assert next(samples).index == 5


def member(name: str, parent: str | None = None, part: str = "attempt") -> Candidate:
    sample = Sample(name, "p", 0, name, "stop", 1, None, "m", parent, part)
    return Candidate(sample, {"answer": make_verdict(sample)} if part == "attempt" else {}, PROBLEMS["p"])


def test_answers_have_the_texts_above_them_and_those_that_end_the_episode() -> None:
    members = [
        member("a"), member("f", "a", "critique"), member("b", "f"), member("c", "f"), member("g", "c", "verdict"),
        member("h", "c", "verdict"), member("d"),
    ]  # fmt: skip
    found = with_chains(members)
    names = [
        (one.sample.id, "".join(up.sample.id for up in one.chain), "".join(down.sample.id for down in one.after))
        for one in found
    ]
    assert names == [("a", "", ""), ("b", "af", ""), ("c", "af", "g"), ("d", "", "")]
    assert found[1].chain[0].verdict(None).label == Label.CORRECT


def test_a_chain_without_its_parent_is_refused() -> None:
    with pytest.raises(UserError, match="sample b was asked after sample f"):
        with_chains([member("a"), member("b", "f")])


def test_only_answers_have_verdicts() -> None:
    critique = member("f", "p/0", "critique").sample
    first, second = joined([SAMPLES[0], critique], [make_verdict(SAMPLES[0])], ["answer"], PROBLEMS)
    assert (list(first.verdicts), dict(second.verdicts)) == (["answer"], {})
