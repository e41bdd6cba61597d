"""A solution drawn step by step: what is continued, what is rolled back, what becomes a problem of its own."""

from __future__ import annotations

from configs.schema.generate import StepwiseGenerate
from configs.schema.judge import PairwiseJudge
from infra.engines.wire import Completion
from tasks.core.records import Message, Problem
from tasks.core.refs import ModelRef
from tasks.generate.stepwise import Path, comparable, step_request, step_verdicts, to_candidates

CONFIG = StepwiseGenerate(step_end=";", width=3)
MODEL = ModelRef(name="base", digest="d")
PROBLEM = Problem("12+5", (Message("user", "12+5="),), "17")


def draw(text: str, index: int, stop_text: str | None = ";", finish: str = "stop") -> Completion:
    return Completion(f"12+5#{0}", index, text, finish, 4, -1.0, stop_text)  # type: ignore[arg-type]


def test_the_best_step_is_continued() -> None:
    path = Path(PROBLEM)
    candidates = to_candidates(path, [draw("2+5=7", 0), draw("2+5=8", 1)], CONFIG, MODEL)
    path.take(candidates, {candidates[0].id: 1.0, candidates[1].id: 0.0})
    assert path.prefix == "2+5=7;"
    assert path.next_problem().id == "12+5#1"
    request = step_request(path, CONFIG.width, 0)
    assert (request.id, request.prefix, request.num_samples) == ("12+5#1", "2+5=7;", 3)


def test_candidates_begin_with_the_prefix_and_know_whether_the_text_goes_on() -> None:
    path = Path(PROBLEM, steps=["2+5=7;"])
    step, end = to_candidates(path, [draw("1+0=1", 0), draw("17", 1, stop_text=None)], CONFIG, MODEL)
    assert (step.text, step.prefix, step.finish_reason) == ("2+5=7;1+0=1;", "2+5=7;", "step")
    assert (end.text, end.finish_reason) == ("2+5=7;17", "stop")


def test_the_models_end_ends_the_solution() -> None:
    path = Path(PROBLEM)
    candidates = to_candidates(path, [draw("17", 0, stop_text=None), draw("2+5=7", 1)], CONFIG, MODEL)
    path.take(candidates, {candidates[0].id: 1.0, candidates[1].id: 0.0})
    assert path.is_done


def test_equal_scores_roll_the_last_step_back() -> None:
    path = Path(PROBLEM, steps=["2+5=7;", "1=1;"], num_waves=2)
    candidates = to_candidates(path, [draw("a", 0), draw("b", 1)], CONFIG, MODEL)
    path.take(candidates, {sample.id: 0.5 for sample in candidates})
    assert path.steps == ["2+5=7;"]
    assert (path.num_roll_backs, path.num_waves) == (1, 3)


def test_a_truncated_candidate_is_not_continued() -> None:
    path = Path(PROBLEM)
    cut = draw("2+", 0, stop_text=None, finish="length")
    candidates = to_candidates(path, [cut, draw("2+5=7", 1), draw("2", 2)], CONFIG, MODEL)
    path.take(candidates, {candidates[1].id: 1.0, candidates[2].id: 0.0})
    assert path.steps == ["2+5=7;"]


def test_a_truncated_candidate_is_not_compared_and_has_no_score() -> None:
    path = Path(PROBLEM)
    candidates = to_candidates(path, [draw("2+5=7", 0), draw("2+", 1, stop_text=None, finish="length")], CONFIG, MODEL)
    assert comparable(candidates) == candidates[:1]
    verdicts = list(step_verdicts(candidates, {candidates[0].id: 2.0}, PairwiseJudge()))
    assert [verdict.score for verdict in verdicts] == [2.0, None]
    assert verdicts[1].label == "truncated"
