"""The verifier `reasoning_gym`: the package's scores, answers found in texts, and answers that it must not evaluate."""

from __future__ import annotations

import inspect
import re

import pytest

from configs.errors import UserError
from configs.schema.verifiers.gym import ReasoningGymVerifier
from infra.gym.package import from_json, make_task, to_json
from tasks.answer.value import UnreadableError
from tasks.judge.verifiers import reasoning_gym
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.gym_answer import FORMULAS, LITERALS, explain_danger, find_gym_answer
from tasks.judge.verifiers.reasoning_gym import explain_gold, verify
from tasks.judge.verifiers.registry import build_verifier, verifier_versions
from tests.tasks.gym import needs_gym, some

CONFIG = ReasoningGymVerifier()


def gold_of(task: str, answer: str | None, **metadata: object) -> str:
    return to_json({"task": task, "settings": {}, "entry": {"question": "?", "answer": answer, "metadata": metadata}})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12", "12"),
        ("First <answer>1</answer>, no: <answer>\n1 2\n3 4\n</answer> done", "1 2\n3 4"),
        (r"So \\boxed{12}.".replace("\\\\", "\\"), "12"),
        ("#### 12\n\nThat was easy", "12"),
        ("The answer is 12.", "12"),
        ("The answer is: **12**", "12"),
        ("**Answer:** 12.\nHope this helps!", "12"),
        ("Answer: 1 2\n3 4\n\nThat is all", "1 2\n3 4"),
        ("The answer is:\n\n1 2\n3 4", "1 2\n3 4"),
        ("Answer:\n```text\n1 2\n\n3 4\n```\nDone", "1 2\n\n3 4"),
        ("The answer is: **12.**", "12"),
        ("**Answer:**\n\nIt is so.\n\nBye", "It is so."),
        ("Answer:\n4 > 2\n    v\n   \n1 2", "4 > 2\n    v\n   \n1 2"),
        ("The answer is 1. No, the answer is 2", "2"),
        ("the answers of others are wrong", "the answers of others are wrong"),
        ("1 2\n3 4\n", "1 2\n3 4"),
        ("<answer></answer>", None),
        ("", None),
    ],
)
def test_where_an_answer_stands(text: str, answer: str | None) -> None:
    assert find_gym_answer(text) == answer


def test_a_box_without_end_is_not_read() -> None:
    with pytest.raises(UnreadableError):
        find_gym_answer(r"\boxed{12")


DANGERS = [
    "__import__('os').system('true')", "open", "eval", "lambda: 1", "(1).real", "(1) . real", "x.subs(x, 1)", "'a'",
    "[x for x in y]",
    "print(1)", "\uff45val(1)", "1if(exec)else(2)", "x[0]", "f'{1}'", "{1}", "x; y", "N(open)",
    "x\x00", "__class__", "_ + __",
]  # fmt: skip


@pytest.mark.parametrize("answer", DANGERS)
def test_no_formula_is_evaluated_that_is_more_than_one(answer: str) -> None:
    assert explain_danger(answer, "countdown") == "the answer is no formula: it is not evaluated"


@pytest.mark.parametrize(
    "answer", ["3*(4+5) - 6/2", "x**2/2 + sin(3*x) + C", "2.5e3 + x_1", "log(x + 1)", "x = 5", "-7^2", "exp(-x)", "5!"]
)
def test_formulas_are_shown(answer: str) -> None:
    assert explain_danger(answer, "simple_integration") is None


@pytest.mark.parametrize(
    ("answer", "is_shown"),
    [
        ("[[0, 1], [1, -1]]", True),
        ("1 2 3 4", True),
        ("ABCDA", True),
        ("['A', 'B']", True),
        ("not python at all (", True),
        ("open('/etc/passwd')", False),
        ("().__class__", False),
        ("[x for x in (1,)]", False),
        ("f'{open}'", False),
        ("(x := 1)", False),
        ("  [].pop()", False),
        ("(" * 500, True),
    ],
)
def test_lists_are_shown_and_programs_are_not(answer: str, is_shown: bool) -> None:
    assert (explain_danger(answer, "spiral_matrix") is None) == is_shown


def test_other_tasks_see_every_answer() -> None:
    assert explain_danger("open('/etc/passwd')", "chain_sum") is None


@needs_gym
def test_the_tasks_whose_answers_the_package_evaluates_are_all_named() -> None:
    from reasoning_gym.factory import DATASETS

    found = set()
    for name, (made, _) in DATASETS.items():
        scores = [
            getattr(made, member) for member in dir(made) if "score" in member and callable(getattr(made, member))
        ]
        if re.search(r"(?<!def )\b(eval|exec|parse_expr|sympify)\(answer\b", "".join(map(inspect.getsource, scores))):
            found.add(name)
    assert found == LITERALS | FORMULAS


@needs_gym
@pytest.mark.slow
@pytest.mark.parametrize("task", ["countdown", "chain_sum", "leg_counting", "spell_backward", "mini_sudoku", "rearc"])
def test_the_answer_of_the_package_itself_scores_one(task: str) -> None:
    for problem in some(task):
        assert problem.solution and problem.gold
        for text in (problem.solution, f"Hm.\n<answer>{problem.solution}</answer>", f"Answer:\n{problem.solution}"):
            found = verify(text, problem.gold, CONFIG)
            assert (found.is_correct, found.score) == (True, 1.0), text
        wrong = verify("<answer>?</answer>", problem.gold, CONFIG)
        assert not wrong.is_correct and (wrong.score or 0.0) < 0.1


@needs_gym
def test_another_way_to_the_target_is_right_and_a_half_right_answer_has_its_score() -> None:
    gold = gold_of("countdown", "4*25 + 3", numbers=[3, 4, 25], target=103)
    assert verify("3 + 25*4", gold, CONFIG) == Finding("3 + 25*4", True, 1.0)
    assert verify("3 + 25 + 4", gold, CONFIG) == Finding("3 + 25 + 4", False, 0.05)
    assert verify("103", gold, CONFIG).is_correct is False
    assert verify("<think>3 + 25*4", gold, CONFIG).note == "the thinking is not finished"
    assert verify("open('a')", gold, CONFIG) == Finding(note="the answer is no formula: it is not evaluated")


@needs_gym
def test_the_threshold_says_from_which_score_on_an_answer_is_correct() -> None:
    gold = gold_of("spell_backward", "tac", word="cat")
    scores = {text: verify(text, gold, CONFIG).score or 0.0 for text in ("tac", "tca", "xyz")}
    assert scores["tac"] == 1.0 > scores["tca"] > 0.0
    half = ReasoningGymVerifier(threshold=scores["tca"])
    assert [verify(text, gold, half).is_correct for text in scores] == [True, True, scores["xyz"] >= scores["tca"]]


def test_a_pattern_takes_the_whole_answer() -> None:
    assert reasoning_gym.extract("result: 4 5", ReasoningGymVerifier(pattern="result: (.+)")) == "4 5"
    assert reasoning_gym.extract("4 5", ReasoningGymVerifier(pattern="result: (.+)")) is None


@pytest.mark.parametrize("gold", [None, "", "12", "{}", '{"task": "a", "settings": {}, "entry": {}}', "[1"])
def test_a_gold_answer_of_another_source_is_named(gold: str | None) -> None:
    assert explain_gold(gold, CONFIG)


def test_the_release_of_the_package_is_part_of_the_key() -> None:
    assert verifier_versions(CONFIG).keys() == {"reasoning_gym", "reasoning-gym"}


def test_a_missing_package_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "reasoning_gym.factory", None)
    with pytest.raises(UserError, match="needs the package reasoning-gym") as caught:
        build_verifier(CONFIG)
    assert "pip install 'selfloop[gym]'" in str(caught.value.fix)


@pytest.mark.parametrize("value", [(1, 2), {1: "a", "b": [(1,), {"c": None}]}, [], {"a": ((),)}, {(1, 2): 3}])
def test_what_travels_as_json_comes_back_as_it_was(value: object) -> None:
    assert from_json(to_json(value)) == value


@needs_gym
@pytest.mark.slow
def test_every_task_of_the_package_scores_its_own_answer_one_after_travelling() -> None:
    """All but `composite`, which is made of others. Tasks of games have no answer of their own."""
    from reasoning_gym.factory import DATASETS

    tried = set()
    for task in DATASETS.keys() - {"composite"}:
        entry = make_task(task, {}, seed=7, size=500)[0]
        gold = to_json({"task": task, "settings": {}, "entry": entry})
        assert explain_gold(gold, CONFIG) is None
        if answer := entry["answer"]:
            tried.add(task)
            assert verify(f"Answer:\n{answer}", gold, CONFIG).score == 1.0, task
    assert len(tried) >= 100
