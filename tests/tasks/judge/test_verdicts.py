"""The judge stage: one verdict a sample and judge, and no failure becomes a score."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import pytest

from configs.errors import ProblemsError
from configs.schema.judges.by_rule import AnswerJudge, CombineJudge, VoteJudge
from configs.schema.judges.kinds import ImplicitJudge, Judge
from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from configs.schema.verifiers.kinds import ExactVerifier, PythonVerifier
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.judge.judgements import InMemory
from tasks.judge.kinds.answer import make_verdict
from tasks.judge.kinds.registry import component_versions
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples, make_verdicts
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, build_extractor, build_verifier
from tasks.judge.world import World
from tests.build.records import make_problem, make_sample


@dataclass
class Given:
    value: Any = None
    failure: str | None = None


def verify_here(judge: Judge, items: Iterable[Item]) -> Generator[Given, None, None]:
    """The pool's contract in this process."""
    assert judge.rule is not None
    verify = (build_verifier if judge.reads_gold else build_extractor)(judge.rule)
    return (Given(verify(item)) for item in items)


NUMBER, EXACT = AnswerJudge(), AnswerJudge(name="same_text", verifier=ExactVerifier())
PROBLEMS = {"p": make_problem("p", "72"), "q": make_problem("q", "5")}


def test_all_verdicts_of_a_sample_come_before_the_next_sample() -> None:
    samples = [
        make_sample(text="72", index=0),
        make_sample(text="so 72", index=1),
        make_sample(text="6", problem_id="q", index=0),
    ]
    verdicts = list(judge_samples(samples, [NUMBER, EXACT], World(PROBLEMS, verify=verify_here)))
    assert [(verdict.sample_id, verdict.judge, verdict.label) for verdict in verdicts] == [
        ("p/0", "answer", "correct"),
        ("p/0", "same_text", "correct"),
        ("p/1", "answer", "correct"),
        ("p/1", "same_text", "wrong"),
        ("q/0", "answer", "wrong"),
        ("q/0", "same_text", "wrong"),
    ]
    assert verdicts[0] == Verdict("p/0", "p", "answer", "correct", 1.0, "72")
    assert verdicts[4].score == 0.0


def test_texts_around_answers_are_not_judged_and_verdicts_of_before_are_taken_over() -> None:
    samples = [
        make_sample(text="72", index=0),
        make_sample(text="72 is right", index=1, part="critique", parent_id="p/0"),
        make_sample(text="5", index=2, parent_id="p/1"),
    ]
    asked: list[str] = []

    def verify(judge: Judge, items: Iterable[Item]) -> Generator[Given, None, None]:
        asked.append(judge.name)
        return verify_here(judge, items)

    before = [Verdict(name, "p", "answer", "wrong", 0.25) for name in ("p/0", "p/2")]
    world = World(PROBLEMS, verify=verify)
    verdicts = list(judge_samples(samples, [NUMBER, EXACT], world, {"answer": iter(before)}))
    assert [verdict for verdict in verdicts if verdict.judge == "answer"] == before
    assert [(verdict.sample_id, verdict.judge) for verdict in verdicts] == [
        (name, judge) for name in ("p/0", "p/2") for judge in ("answer", "same_text")
    ]
    assert asked == ["same_text"]


def test_a_truncated_sample_is_never_correct_and_never_verified() -> None:
    seen: list[str] = []

    def verify(judge: Judge, items: Iterable[Item]) -> Generator[Given, None, None]:
        for _, sample in items:
            seen.append(sample.id)
            yield Given(Finding("72", True))

    samples = [
        make_sample(text="72", index=0),
        make_sample(text="72", index=1, is_truncated=True),
        make_sample(text="72", index=2),
    ]
    verdicts = list(judge_samples(samples, [NUMBER], World(PROBLEMS, verify=verify)))
    assert [verdict.label for verdict in verdicts] == ["correct", "truncated", "correct"] and seen == ["p/0", "p/2"]
    assert (verdicts[1].score, verdicts[1].note) == (None, "the text ended at max_tokens")


@pytest.mark.parametrize(
    ("outcome", "label", "score", "note"),
    [
        (Given(Finding("72", True)), Label.CORRECT, 1.0, None),
        (Given(Finding("7", False)), Label.WRONG, 0.0, None),
        (Given(Finding(note="no number found")), Label.UNPARSEABLE, None, "no number found"),
        (Given(Finding(score=0.25)), Label.UNSCORED, 0.25, None),
        (Given(failure="timeout"), Label.VERIFIER_ERROR, None, "timeout"),
    ],
)
def test_each_outcome_has_its_label(outcome: Given, label: Label, score: float | None, note: str | None) -> None:
    verdict = make_verdict(make_sample(text="x"), "answer", outcome)
    assert (verdict.label, verdict.score, verdict.note) == (label, score, note)


def test_a_problem_without_gold_is_named() -> None:
    with pytest.raises(ProblemsError, match="problem r has no gold answer; judge 'answer' \\(number\\)"):
        list(
            judge_samples(
                [make_sample(text="1", problem_id="r")],
                [NUMBER],
                World({"r": make_problem("r", None)}, verify=verify_here),
            )
        )


def test_a_function_needs_no_gold() -> None:
    judge = AnswerJudge(verifier=PythonVerifier(function="rewards.py:score"))

    def verify(judge: Judge, items: Iterable[Item]) -> Generator[Given, None, None]:
        return (Given(Finding(score=1.0)) for _ in items)

    (verdict,) = judge_samples(
        [make_sample(text="1", problem_id="r")], [judge], World({"r": make_problem("r", None)}, verify=verify)
    )
    assert verdict.score == 1.0


def test_a_sample_of_an_unknown_problem_is_named() -> None:
    with pytest.raises(ProblemsError, match="sample z/0 belongs to problem z"):
        list(judge_samples([make_sample(text="1", problem_id="z")], [NUMBER], World(PROBLEMS, verify=verify_here)))


def test_samples_are_read_as_verdicts_are_taken() -> None:
    read: list[str] = []

    def endless() -> Iterator[Sample]:
        for index in count():
            read.append(f"p{index // 2}")
            yield make_sample(text="72", problem_id=f"p{index // 2}", index=index % 2)

    problems = {f"p{number}": make_problem(f"p{number}", "72") for number in range(100)}
    verdicts = judge_samples(endless(), [NUMBER, EXACT], World(problems, verify=verify_here))
    assert [verdict.label for verdict in islice(verdicts, 4)] == ["correct"] * 4
    assert set(read) == {"p0", "p1"}, "one problem, and the first sample of the next"


def said(judge: str, sample: str, score: float | None, other: str | None = None) -> Judgement:
    return Judgement(judge, sample.split("/")[0], sample, 0, (), "", score, other)


ROWS = {
    ("rubric", ""): [said("rubric", "p/0", 4.0), said("rubric", "p/1", None), said("rubric", "q/0", 2.0)],
    ("pairwise", ""): [said("pairwise", "p/0", 1.0, "p/1"), said("pairwise", "p/1", 0.0, "p/0")],
    ("implicit", ""): [said("implicit", "p/0", -3.0), said("implicit", "p/1", -5.0), said("implicit", "q/0", -1.0)],
    ("implicit", "reference"): [said("implicit", name, -4.0) for name in ("p/0", "p/1", "q/0")],
}


def test_judges_of_all_kinds_go_over_the_samples_together() -> None:
    samples = [
        make_sample(text="72", index=0),
        make_sample(text="so 72", index=1),
        make_sample(text="72", index=2, is_truncated=True),
        make_sample(text="6", problem_id="q", index=0),
    ]
    total = CombineJudge(of=("answer", "rubric"))
    judges = [NUMBER, VoteJudge(), RubricJudge(), PairwiseJudge(), ImplicitJudge(), total]

    kept = InMemory()
    for (judge, part), rows in ROWS.items():
        kept.put(judge, part, rows)
    verdicts = list(make_verdicts(samples, judges, World(PROBLEMS, verify=verify_here), {}, kept))
    assert [verdict.judge for verdict in verdicts] == [judge.name for judge in judges] * 4
    by_sample = [verdicts[start : start + 6] for start in range(0, 24, 6)]
    assert [[verdict.score for verdict in part] for part in by_sample] == [
        [1.0, 2 / 3, 4.0, 1.0, 1.0, 5.0],
        [1.0, 2 / 3, None, 0.0, -1.0, None],
        [None] * 6,
        [0.0, 1.0, 2.0, 0.0, 3.0, 2.0],
    ]
    assert {verdict.label for verdict in by_sample[2]} == {"truncated"}
    assert [verdict.label for verdict in by_sample[1]] == [
        "correct", "correct", "unparseable", "unscored", "unscored", "unparseable",
    ]  # fmt: skip


def test_a_judge_that_nobody_answers_is_not_scored() -> None:
    with pytest.raises(LookupError, match="judge 'rubric' asks a model"):
        list(judge_samples([make_sample(text="72")], [RubricJudge()], World(PROBLEMS, verify=verify_here)))


def test_the_summary_counts_every_label_and_keeps_all_in_the_denominator() -> None:
    labels = ["correct", "correct", "wrong", "unparseable", "truncated", "verifier_error", "unscored", "wrong"]
    summary = JudgeSummary(["answer", "style"])
    verdicts = [Verdict(f"p/{index}", "p", "answer", label) for index, label in enumerate(labels)]
    assert list(summary.watch(verdicts)) == verdicts
    assert summary.numbers() == {
        "num_samples": 8,
        "num_correct": 2,
        "num_wrong": 2,
        "num_unparseable": 1,
        "num_truncated": 1,
        "num_verifier_error": 1,
        "num_unscored": 1,
        "num_missing": 0,
        "parse_rate": 5 / 8,
        "verifier_error_rate": 1 / 8,
        **{f"style_num_{label}": 0 for label in ("samples", *Label)},
        "style_parse_rate": None,
        "style_verifier_error_rate": None,
    }


def test_scoring_judges_have_means_and_counts_of_judgements() -> None:
    summary = JudgeSummary.of([NUMBER, RubricJudge()])
    list(summary.watch_judgements("rubric", ROWS["rubric", ""]))
    list(summary.watch([Verdict("p/0", "p", "rubric", "unscored", 4.0), Verdict("p/1", "p", "rubric", "unparseable")]))
    numbers = summary.numbers()
    assert "mean_score" not in numbers and numbers["rubric_mean_score"] == 4.0
    assert (numbers["rubric_num_judgements"], numbers["rubric_num_unread_judgements"]) == (3, 1)
    assert numbers["rubric_parse_rate"] == 0.5


def test_versions_name_the_judge_and_its_verifier() -> None:
    assert component_versions([NUMBER, EXACT]) == {
        "judge": 2,
        "answer.answer": 1,
        "answer.number": 6,
        "answer.reader": 5,
        "same_text.answer": 1,
        "same_text.exact": 2,
        "same_text.reader": 5,
    }
    assert component_versions([VoteJudge(), RubricJudge(name="style"), CombineJudge(of=("vote", "style"))]) == {
        "judge": 2,
        "vote.vote": 2,
        "vote.number": 6,
        "vote.reader": 5,
        "style.rubric": 2,
        "combine.combine": 1,
    }
