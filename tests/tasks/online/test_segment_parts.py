"""Parts of a segment that need no engine: the order of problems, what is set aside, episodes out of texts, numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from configs.schema.guard import Guard, Limit
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.online.waves import Probe
from configs.schema.verifiers.kinds import NumberVerifier
from infra.engines.questions import Tokens
from tasks.core.records import FinishReason, Label, Message, Part, Problem, Sample, Verdict
from tasks.decide.guards import ENDED_BY, check_guards, in_waves, strongest
from tasks.online.carried import Carried
from tasks.online.course import Course, watched
from tasks.online.draw import Drawn, in_wave
from tasks.online.numbers import (
    best_probed,
    ended_by,
    ending_guard,
    first_entropy,
    may_take_best,
    takes_best,
    write_metrics,
)
from tasks.online.order import problems_from
from tasks.online.probe import set_aside
from tasks.online.rollouts_of import group_of
from tasks.online.wave_folder import Wave

PROBLEMS = [Problem(f"p{number}", (Message("user", f"{number}+1"),), gold=str(number + 1)) for number in range(10)]


def sample(name: str, **fields: Any) -> Sample:
    return Sample(**{"id": name, "problem_id": "p1", "index": 0, "text": "2", "finish_reason": FinishReason.STOP,
                     "num_tokens": 2, "logprob": -1.0, "model": "m", **fields})  # fmt: skip


def verdict(name: str, label: Label) -> Verdict:
    return Verdict(name, "p1", "answer", label, score=float(label == Label.CORRECT))


def wave(number: int, **numbers: float) -> Wave:
    return Wave(number=number, policy_step=number, seed=0, groups_drawn=1, groups_kept=1, numbers=dict(numbers),
                after=Carried())  # fmt: skip


def test_every_turn_through_the_problems_has_each_once_in_an_order_of_its_own() -> None:
    ids = [problem.id for problem in islice(problems_from(PROBLEMS, 3, 0), 30)]
    turns = [ids[:10], ids[10:20], ids[20:]]
    assert all(sorted(turn) == sorted(problem.id for problem in PROBLEMS) for turn in turns)
    assert len({tuple(turn) for turn in turns}) == 3
    assert [problem.id for problem in islice(problems_from(PROBLEMS, 3, 7), 5)] == ids[7:12]
    assert [problem.id for problem in islice(problems_from(PROBLEMS, None, 8), 4)] == ["p8", "p9", "p0", "p1"]


def test_the_probe_takes_a_fifth_at_most_and_only_what_has_a_gold_answer() -> None:
    mixed = [*PROBLEMS[:9], replace(PROBLEMS[9], gold=None)]
    drawn, asked = set_aside(mixed, Probe(problems=100), NumberVerifier(), seed=1)
    assert len(asked) == 2 and len(drawn) == 8
    assert not {problem.id for problem in asked} & {problem.id for problem in drawn}
    assert all(problem.gold is not None for problem in asked)
    assert set_aside(mixed, Probe(problems=100), NumberVerifier(), seed=1) == (drawn, asked)
    assert set_aside(mixed, None, NumberVerifier(), seed=1) == (mixed, ())
    assert set_aside(mixed, Probe(), None, seed=1) == (mixed, ())


def test_independent_texts_are_episodes_of_one_text_each() -> None:
    nodes = tuple(sample(f"p1/w0/{index}", index=index) for index in range(3))
    verdicts = tuple(verdict(node.id, label) for node, label in zip(
        nodes, (Label.CORRECT, Label.WRONG, Label.VERIFIER_ERROR), strict=True))  # fmt: skip
    tokens = {node.id: Tokens((1,), (2, 3), (-0.5, -0.5)) for node in nodes}
    group = group_of(Drawn(PROBLEMS[1], nodes, verdicts, tokens), AnswerJudge())
    assert [rollout.id for rollout in group.rollouts] == [node.id for node in nodes]
    assert [rollout.turns[0].is_right for rollout in group.rollouts] == [True, False, None]
    assert [rollout.turns[0].num_tokens for rollout in group.rollouts] == [2, 2, 2]


def test_revisions_that_share_a_first_attempt_share_its_turn_which_has_no_credit() -> None:
    first = sample("p1/w0/0", text="3")
    check = sample("p1/w0/0:verdict0", parent_id=first.id, part=Part.VERDICT, said="wrong")
    second = [sample(f"{check.id}/{index}", parent_id=check.id, index=index) for index in range(2)]
    nodes = (first, check, *second)
    verdicts = (verdict(first.id, Label.WRONG), *(verdict(one.id, Label.CORRECT) for one in second))
    tokens = {node.id: Tokens((1,), (2, 3), (-0.5, -0.5)) for node in nodes}
    group = group_of(Drawn(PROBLEMS[1], nodes, verdicts, tokens), AnswerJudge())
    assert [len(rollout.turns) for rollout in group.rollouts] == [3, 3]
    for rollout in group.rollouts:
        assert [turn.is_shared for turn in rollout.turns] == [True, True, False]
        assert [turn.is_right for turn in rollout.turns] == [False, True, True]


def test_a_text_has_its_wave_in_its_id_and_in_its_parents() -> None:
    child = in_wave(sample("p1/0:verdict0", parent_id="p1/0", part=Part.VERDICT), 4)
    assert (child.id, child.parent_id, child.state) == ("p1/w4/0:verdict0", "p1/w4/0", "live")


def test_a_guard_speaks_where_the_last_waves_are_all_beyond_its_limit() -> None:
    guards = [
        Guard(metric="zero_signal_share", above=0.9, action="end_segment", window=2),
        Guard(metric="entropy", below=0.1, action="warn"),
    ]

    def ends(waves: list[Wave]) -> str:
        spoke = ending_guard(guards, waves)
        return in_waves(spoke) if spoke else ""

    high, low = {"zero_signal_share": 0.95, "entropy": 0.0}, {"zero_signal_share": 0.5, "entropy": 0.0}
    assert ends([wave(0, **high)]) == ""
    assert ends([wave(0, **high), wave(1, **low), wave(2, **high)]) == ""
    assert ends([wave(0, **low), wave(1, **high), wave(2, **high)]) == "zero_signal_share was above 0.9 for 2 waves"
    assert ends([wave(0, **high), wave(1)]) == ""


def test_the_rounds_numbers_are_means_of_the_last_ten_steps(tmp_path: Path) -> None:
    lines = [{"step": step, "loss": 1.0, "learning_rate": 1.0, "tokens": 3, "entropy": float(step)}
             for step in range(1, 13)]  # fmt: skip
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    waves = [wave(number, reward_mean=float(number)) for number in range(6)]
    assert write_metrics(tmp_path, waves, 2, Course()) == {"entropy": 7.5, "reward_mean": 3.0, "entropy_left": 7.5}
    assert first_entropy(tmp_path) == 1.0
    assert [json.loads(line)["reward_mean"] for line in path.read_text().splitlines()] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5
    ]  # fmt: skip


def test_a_segment_without_a_step_has_the_numbers_of_its_last_wave(tmp_path: Path) -> None:
    assert write_metrics(tmp_path, [wave(0, reward_mean=0.5)], 1, Course()) == {"reward_mean": 0.5}
    assert first_entropy(tmp_path) is None


def test_entropy_is_told_in_units_of_the_runs_first(tmp_path: Path) -> None:
    line = {"step": 1, "loss": 1.0, "learning_rate": 1.0, "tokens": 3, "entropy": 0.2}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    found = write_metrics(tmp_path, [wave(0)], 1, Course(first={"entropy": 2.0}))
    assert found["entropy_left"] == pytest.approx(0.1)


@pytest.mark.parametrize("window", [2, 5])
def test_a_window_is_of_guards_that_end_a_segment(window: int) -> None:
    with pytest.raises(ValueError, match="leave window out"):
        Guard(metric="entropy", below=0.1, action="warn", window=window)


COLLAPSE = Guard(metric="vote_share_rise", above=0.1, action="roll_back", window=2,
                 meanwhile=Limit(metric="probe_accuracy_rise", below=-0.02))  # fmt: skip


def test_a_guard_with_a_second_limit_speaks_where_both_are_passed_in_the_same_waves() -> None:
    agreeing, falling = {"vote_share_rise": 0.2}, {"probe_accuracy_rise": -0.1}
    first = wave(0, **agreeing, **falling)
    guards = [Guard(metric="tokens_mean", above=9, action="end_segment"), COLLAPSE]
    assert ended_by(guards, [first, wave(1, **agreeing, **falling)]) == 2
    for other in (agreeing, falling, {}, {**agreeing, "probe_accuracy_rise": -0.02}):
        assert ended_by(guards, [first, wave(1, **other)]) == 0
    told = "vote_share_rise was above 0.1 and probe_accuracy_rise was below -0.02 for 2 waves"
    spoke = ending_guard(guards, [first, first])
    assert spoke == COLLAPSE and in_waves(spoke) == told and not takes_best(spoke)


def test_what_follows_a_guard_that_ended_a_segment_is_decided_by_which_it_was() -> None:
    refuse = Guard(metric="kl_start", above=1, action="keep_incumbent", window=3)
    end = Guard(metric="zero_signal_share", above=0.9, action="end_segment")
    plain = Guard(metric="kl_start", above=1, action="keep_incumbent")
    guards = [plain, end, COLLAPSE, refuse]
    assert [strongest(check_guards(guards, {ENDED_BY: place})) for place in (0, 1, 2, 3)] == [
        None, None, "roll_back", "keep_incumbent"
    ]  # fmt: skip
    assert check_guards(guards, {"vote_share_rise": 9.0, "probe_accuracy_rise": -9.0}) == [], "waves speak, not means"
    (spoken,) = check_guards(guards, {ENDED_BY: 2})
    assert spoken.words.endswith("for 2 waves: the champion becomes the incumbent again")
    (spoken,) = check_guards(guards, {"kl_start": 2.0})
    assert spoken.guard == plain


def test_the_latest_of_the_best_probes_behind_the_first_wave_is_taken() -> None:
    probed = [wave(0, probe_accuracy=0.9), wave(1), wave(2, probe_accuracy=0.5), wave(3, probe_accuracy=0.5)]
    assert best_probed(probed) == 3 and best_probed([*probed, wave(4, probe_accuracy=0.4), wave(5)]) == 3
    assert best_probed(probed[:2]) is best_probed([]) is None
    end = Guard(metric="zero_signal_share", above=0.9, action="end_segment")
    assert may_take_best([end]) and not may_take_best([COLLAPSE]), "what is rolled back needs no weights"


def test_the_rounds_numbers_are_the_candidates(tmp_path: Path) -> None:
    lines = [{"step": step, "loss": 1.0, "learning_rate": 1.0, "tokens": 3, "entropy": 1.0} for step in range(1, 5)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    waves = [wave(number, reward_mean=float(number)) for number in range(3)]
    assert write_metrics(tmp_path, waves, 2, Course(), num_trained=1)["reward_mean"] == 0.0
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 4, "what came behind it is shown"


def test_a_course_knows_what_was_first_and_what_is_latest() -> None:
    course = Course().after({"vote_share": 0.5, "probe_accuracy": None})
    assert course.rises() == {"vote_share_rise": 0.0}
    course = course.after({"vote_share": 0.7, "probe_accuracy": 0.4}).after({"vote_share": 0.8})
    assert course.rises() == {"vote_share_rise": pytest.approx(0.3), "probe_accuracy_rise": 0.0}
    course = course.after({"vote_share": None, "probe_accuracy": 0.1})
    begun = course.begun("entropy", 2.0).begun("entropy", 1.0)
    assert begun.first["entropy"] == 2.0 and begun.latest == course.latest and course.begun("x", None) == course
    assert course.rises() == {"vote_share_rise": pytest.approx(0.3), "probe_accuracy_rise": pytest.approx(-0.3)}
    assert watched({"vote_share": 0.1, "reward_mean": 1.0}) == {"vote_share": 0.1, "probe_accuracy": None}
