"""Samples, verdicts and problems become groups; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count, islice

import pytest

from configs.errors import ProblemsError, UserError
from tasks.core.records import Judgement, Sample, Verdict
from tasks.core.sources import OpenSource
from tasks.select.filters.filter import Group
from tasks.select.join import OpenJudgements, open_groups
from tests.build.records import make_problem, make_sample, make_verdict

PROBLEMS = {problem_id: make_problem(problem_id) for problem_id in ("p", "q", "r")}


def source(samples: Sequence[Sample], verdicts: Sequence[Verdict] | None = None) -> OpenSource:
    judged = [make_verdict(sample) for sample in samples] if verdicts is None else verdicts
    return lambda: (samples, judged)


def read(*sources: OpenSource, judges: Sequence[str] = ("answer",)) -> list[Group]:
    return list(open_groups(sources, PROBLEMS, judges)())


def ids(groups: list[Group]) -> list[list[str]]:
    return [[candidate.sample.id for candidate in group] for group in groups]


def test_each_candidate_has_its_problem_and_all_verdicts() -> None:
    sample = make_sample("q")
    verdicts = [make_verdict(sample, judge="answer"), make_verdict(sample, judge="style", score=0.5)]
    ((candidate,),) = read(source([sample], verdicts), judges=("answer", "style"))
    assert candidate.problem is PROBLEMS["q"]
    assert list(candidate.verdicts.values()) == verdicts and candidate.verdict(None) == verdicts[0]


def test_guided_samples_come_after_the_others_of_their_problem() -> None:
    own = [make_sample("p", 0), make_sample("p", 1), make_sample("r", 0)]
    guided = [make_sample("p", 2, draw="hinted"), make_sample("q", 2, draw="hinted"), make_sample("r", 1)]
    assert ids(read(source(own), source(guided))) == [["p/0", "p/1", "p/2"], ["q/2"], ["r/0", "r/1"]]
    assert ids(read(source(own), source([]))) == [["p/0", "p/1"], ["r/0"]]
    assert read(source([])) == []


def test_one_source_may_have_any_order_of_problems() -> None:
    assert ids(read(source([make_sample("r"), make_sample("p")]))) == [["r/0"], ["p/0"]]


def test_streams_open_as_often_as_they_are_called() -> None:
    groups = open_groups([source([make_sample("p")])], PROBLEMS, ["answer"])
    assert ids(list(groups())) == ids(list(groups())) == [["p/0"]]


def test_verdicts_of_other_samples_are_refused() -> None:
    samples = [make_sample(index=0), make_sample(index=1)]
    verdicts = [make_verdict(sample) for sample in samples]
    for wrong, found in [
        (verdicts[::-1], "found sample p/1, judge answer"),
        (verdicts[:1], "found the end"),
        (verdicts * 2, "expected the end"),
        ([make_verdict(sample, judge="style") for sample in samples], "judge style"),
    ]:
        with pytest.raises(UserError, match=found):
            read(source(samples, wrong))


def test_samples_of_a_problem_must_lie_together() -> None:
    with pytest.raises(UserError, match="problem p lie apart"):
        read(source([make_sample("p"), make_sample("q"), make_sample("p", 1)]))
    with pytest.raises(UserError, match="problem p lie apart"):
        read(source([make_sample("q"), make_sample("p")]), source([make_sample("p", 1)]))


def test_samples_of_unknown_problems_are_refused() -> None:
    with pytest.raises(ProblemsError, match="sample z/0 belongs to problem z"):
        read(source([make_sample("z")]))


def test_one_problem_is_read_ahead_at_most() -> None:
    problems = {f"p{number}": make_problem(f"p{number}") for number in range(100)}
    samples = (make_sample(f"p{index // 4}", index) for index in count())
    verdicts = (make_verdict(make_sample(f"p{index // 4}", index)) for index in count())
    groups = open_groups([lambda: (samples, verdicts)], problems, ["answer"])()
    (group,) = islice(groups, 1)
    assert [candidate.sample.index for candidate in group] == [0, 1, 2, 3]
    assert next(samples).index == 5


def test_a_chain_over_two_sources_is_found_and_a_lost_parent_named() -> None:
    first, other = make_sample("p", 0), make_sample("p", 1)
    critique = replace(make_sample("p", 2), id="p/0:c", parent_id="p/0", part="critique")
    second = replace(make_sample("p", 3), id="p/g3", parent_id="p/0:c")
    later = source([critique, second], [make_verdict(second)])
    (group,) = read(source([first, other]), later)
    assert [[above.sample.id for above in one.chain] for one in group] == [[], [], ["p/0", "p/0:c"]]
    with pytest.raises(UserError, match="sample p/0:c was asked after sample p/0, which is not among the samples"):
        read(later)


def test_what_judges_wrote_stands_with_its_sample() -> None:
    own = [make_sample("p", 0), make_sample("p", 1), make_sample("r", 0)]
    guided = [make_sample("p", 2, draw="hinted"), make_sample("q", 2, draw="hinted")]

    def wrote(judge: str, *names: str) -> OpenJudgements:
        return lambda: (Judgement(judge, name.split("/")[0], name, 0, (), f"{judge} of {name}", 1.0) for name in names)

    streams = [wrote("a", "p/0", "p/0", "p/1", "r/0"), wrote("a", "p/2", "q/2"), wrote("b", "r/0"), wrote("b")]
    opened = open_groups([source(own), source(guided)], PROBLEMS, ["answer"], streams)
    for _ in range(2):
        found = {one.sample.id: [row.text for row in one.judgements] for group in opened() for one in group}
        assert found == {
            "p/0": ["a of p/0"] * 2, "p/1": ["a of p/1"], "p/2": ["a of p/2"], "q/2": ["a of q/2"],
            "r/0": ["a of r/0", "b of r/0"],
        }  # fmt: skip
