"""A solution drawn step by step: what is continued, what is rolled back, what becomes a problem of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from configs.schema.generate import StepwiseGenerate
from configs.schema.judges.opinions import PairwiseJudge
from configs.schema.pair import BestVsWorst
from configs.schema.select import Judged
from infra.engines.questions import Completion
from tasks.core.joined import Candidate
from tasks.core.records import Message, Problem, Verdict
from tasks.sample.episode import Opinions, Texts
from tasks.sample.samplers.stepwise import Climb, Stepwise
from tasks.select.filters.basic import judged
from tasks.select.filters.filter import Draw
from tasks.select.pairs import best_vs_worst

CONFIG = StepwiseGenerate(step_end=";", width=3, max_steps=4)
SAMPLER = Stepwise(CONFIG, PairwiseJudge(), "d")
PROBLEM = Problem("12+5", (Message("user", "12+5="),), "17")


def draw(text: str, index: int, stop_text: str | None = ";", finish: str = "stop") -> Completion:
    return Completion("12+5#0", index, text, finish, 4, -1.0, stop_text)  # type: ignore[arg-type]


def begin() -> Climb:
    return SAMPLER.begin(PROBLEM, 0, 7)


def climb(episode: Climb, drawn: Sequence[Completion], scores: Sequence[float | None]) -> Climb:
    """One step: these candidates are drawn, and those that may be compared get these scores; None: unreadable."""
    (texts,) = SAMPLER.ask(episode) or ()
    assert isinstance(texts, Texts)
    episode = SAMPLER.take(episode, [[tuple(drawn)]])
    (opinions,) = SAMPLER.ask(episode) or ()
    assert isinstance(opinions, Opinions)
    verdicts = [
        Verdict(sample.id, sample.problem_id, "pairwise", "unparseable" if score is None else "unscored", score)
        for sample, score in zip(opinions.samples, scores, strict=True)
    ]
    return SAMPLER.take(episode, [verdicts])


def test_the_best_step_is_continued() -> None:
    episode = climb(begin(), [draw("2+5=7", 0), draw("2+5=8", 1)], [1.0, 0.0])
    assert episode.prefix == "2+5=7;"
    (texts,) = SAMPLER.ask(episode) or ()
    assert isinstance(texts, Texts)
    (request,) = texts.requests
    assert (request.id, request.prefix, request.num_samples) == ("12+5#1", "2+5=7;", 3)
    assert texts.sampling.stop == (";",)


def test_every_step_is_a_problem_of_its_own_and_its_texts_begin_with_the_prefix() -> None:
    first = climb(begin(), [draw("2+5=7", 0), draw("2+5=8", 1)], [1.0, 0.0])
    episode = climb(first, [draw("1+0=1", 0), draw("17", 1, stop_text=None)], [1.0, 0.0])
    assert [problem.id for problem in episode.problems] == ["12+5#0", "12+5#1"]
    assert {problem.messages for problem in episode.problems} == {PROBLEM.messages}
    step, end = episode.nodes[2:]
    assert (step.id, step.text, step.prefix, step.finish_reason) == ("12+5#1/0", "2+5=7;1+0=1;", "2+5=7;", "step")
    assert (end.text, end.finish_reason, end.part) == ("2+5=7;17", "stop", "step")


def test_the_models_end_ends_the_solution() -> None:
    episode = climb(begin(), [draw("17", 0, stop_text=None), draw("2+5=7", 1)], [1.0, 0.0])
    assert episode.is_done and SAMPLER.ask(episode) is None
    assert SAMPLER.numbers(episode) == {"num_steps_taken": 1, "num_roll_backs": 0, "num_unfinished": 0}


def test_equal_scores_roll_the_last_step_back_and_waves_are_counted() -> None:
    episode = climb(begin(), [draw("2+5=7", 0), draw("1=1", 1)], [0.0, 1.0])
    for _ in range(3):
        episode = climb(episode, [draw("a", 0), draw("b", 1)], [0.5, 0.5])
    assert (episode.steps, episode.num_waves) == ((), 4)
    assert SAMPLER.ask(episode) is None
    assert SAMPLER.numbers(episode) == {"num_steps_taken": 0, "num_roll_backs": 3, "num_unfinished": 1}


def test_a_truncated_candidate_is_neither_compared_nor_continued() -> None:
    drawn = [draw("2+", 0, stop_text=None, finish="length"), draw("2+5=7", 1), draw("2+5=8", 2)]
    episode = climb(begin(), drawn, [2.0, 0.0])
    assert episode.steps == ("2+5=7;",)
    assert [verdict.score for verdict in episode.verdicts] == [None, 2.0, 0.0]
    assert [verdict.label for verdict in episode.verdicts] == ["truncated", "unscored", "unscored"]


def test_a_step_that_is_missing_is_a_step_back_and_asks_no_judge() -> None:
    episode = climb(begin(), [draw("2+5=7", 0), draw("2+5=8", 1)], [1.0, 0.0])
    after = SAMPLER.take(episode, [[()]])
    assert (after.steps, after.num_roll_backs, after.candidates) == ((), 1, ())
    (again,) = SAMPLER.ask(after) or ()
    assert isinstance(again, Texts)


LONG = {"stop_text": None, "finish": "length"}


@pytest.mark.parametrize(
    ("drawn", "scores", "taken"),
    [
        ([draw("long", 0, **LONG), draw("2+5=7", 1)], [0.0], "2+5=7;"),
        ([draw("2+5=7", 0), draw("long", 1, **LONG), draw("too long", 2, **LONG)], [0.0], "2+5=7;"),
        ([draw("a", 0), draw("b", 1), draw("long", 2, **LONG)], [0.5, 0.5], "a;"),
        ([draw("a", 0), draw("long", 1, **LONG), draw("b", 2)], [0.0, 1.0], "b;"),
        ([draw("long", 0, **LONG), draw("too long", 1, **LONG)], [], ""),
        ([draw("a", 0), draw("b", 1), draw("long", 2, **LONG)], [None, None], ""),
        ([draw("a", 0), draw("b", 1), draw("c", 2)], [None, 1.0, 0.0], "b;"),
        ([draw("a", 0), draw("b", 1), draw("c", 2)], [0.0, None, 1.0], "c;"),
        ([draw("a", 0), draw("b", 1), draw("c", 2)], [1.0, None, 1.0], ""),
        ([draw("a", 0), draw("b", 1), draw("c", 2)], [None, None, None], ""),
        ([draw("a", 0), draw("b", 1), draw("c", 2)], [0.0, 0.0, 0.0], ""),
    ],
)
def test_what_ended_at_max_tokens_loses_and_what_could_not_be_read_has_no_place(
    drawn: Sequence[Completion], scores: Sequence[float | None], taken: str
) -> None:
    assert climb(begin(), drawn, scores).prefix == taken


def test_a_candidate_that_could_not_be_compared_has_no_score_and_is_in_no_pair() -> None:
    drawn = [draw("a", 0), draw("b", 1), draw("c", 2)]
    episode = climb(begin(), drawn, [2.0, None, 1.0])
    assert [verdict.score for verdict in episode.verdicts] == [2.0, None, 1.0]
    assert [verdict.label for verdict in episode.verdicts] == ["unscored", "unparseable", "unscored"]
    (problem,) = episode.problems
    group = [
        Candidate(sample, {"pairwise": verdict}, problem)
        for sample, verdict in zip(episode.nodes, episode.verdicts, strict=True)
    ]
    kept = [one for one, reason in zip(group, judged(group, Judged(), Draw(0, 1)), strict=True) if reason is None]
    (pair,) = best_vs_worst.make(kept, BestVsWorst(judge="pairwise"), Draw(0, 1))
    assert (pair.chosen_id, pair.rejected_id) == ("12+5#0/0", "12+5#0/2")


def test_a_judge_that_says_nothing_of_a_candidate_leaves_it_without_a_score() -> None:
    (texts,) = SAMPLER.ask(begin()) or ()
    assert isinstance(texts, Texts)
    episode = SAMPLER.take(begin(), [[(draw("a", 0), draw("b", 1))]])
    after = SAMPLER.take(episode, [[]])
    assert [(verdict.label, verdict.score) for verdict in after.verdicts] == [("unparseable", None)] * 2
    assert (after.steps, after.num_roll_backs) == ((), 1)
