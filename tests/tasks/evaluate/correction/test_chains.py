"""From chains that a scripted model writes to courses: attempts, verdicts, tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tasks.core.records import Label
from tasks.evaluate.correction.chains import answers_of, attempts_judged, course_of
from tasks.evaluate.correction.course import Attempt, Course
from tests.build.records import make_problem, make_sample, make_verdict
from tests.tasks.core.scripted import ScriptedPool
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

STOP = [{"judge": "answer", "says": ["unscored"]}]
"""a rule that no attempt meets: it has the judge asked"""
VERDICT = {"part": "verdict"}
STEPS = [VERDICT, {"part": "attempt", "when": {"verdict": "wrong"}}]


def course(folder: Path, texts: dict[str, str], **generate: Any) -> Course:
    sampler = revise_sampler(generate={"steps": STEPS, "max_turns": 3, "until": STOP, **generate})
    (episode,) = run(sampler, folder, pool=ScriptedPool(write=by_place(texts)))
    assert [one.label for one in attempts_judged(episode, "answer")] == [
        Label.CORRECT if node.text[0] in "Rr" else Label.WRONG for node in episode.nodes if node.is_answer
    ]
    return course_of(episode, "answer")


def test_a_chain_with_its_verdicts(tmp_path: Path) -> None:
    texts = {"p/0": "W", "p/0:verdict/0": "Verdict: wrong", "p/0:verdict0:attempt/0": "R",
             "p/0:verdict0/0:verdict/0": "Verdict: correct"}  # fmt: skip
    found = course(tmp_path, texts)
    assert found.attempts == (Attempt(False, "W", "W", True, False), Attempt(True, "R", "R", True, True))
    assert found.num_calls == 4
    assert found.num_tokens > found.num_tokens_first > 0


def test_a_verdict_that_is_unread_ends_the_chain_here(tmp_path: Path) -> None:
    found = course(tmp_path, {"p/0": "R", "p/0:verdict/0": "well"})
    assert found.attempts == (Attempt(True, "R", "R", True, None),)


def test_verdicts_by_rule_are_not_the_model_s(tmp_path: Path) -> None:
    (tmp_path / "told.j2").write_text("Verdict: wrong")
    told = [{**VERDICT, "by": "template", "prompt": str(tmp_path / "told.j2")}, {"part": "attempt"}]
    found = course(tmp_path, {"p/0": "R"}, steps=told, max_turns=2)
    assert [attempt.has_verdict for attempt in found.attempts] == [False, False]
    assert found.num_calls == 2


def test_a_problem_that_was_set_aside_is_one_wrong_attempt() -> None:
    sampler = revise_sampler(generate={"until": STOP})
    episode = sampler.take(sampler.begin(make_problem(), 0, 1), [[()]])
    assert sampler.ask(episode) is None
    assert course_of(episode, "answer") == Course("p", (Attempt(False),), 0, 0, 1)


def test_draws_that_mean_the_same_are_one_answer() -> None:
    samples = [make_sample("p", index) for index in range(3)]
    verdicts = [make_verdict(one, Label.CORRECT if one.index else Label.WRONG, answer=answer)
                for one, answer in zip(samples, ("1/2", "3", "3"), strict=True)]  # fmt: skip
    assert answers_of(samples, verdicts) == {"p": [("1/2", False), ("3", True), ("3", True)]}
