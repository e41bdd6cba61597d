"""Problems of reasoning-gym: the same ones every time, sets that never overlap, and one message for what cannot be."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.load import check_recipe
from configs.schema.problems import ReasoningGymSource
from infra.gym.draw_program import PARTS, part_of
from infra.gym.package import from_json
from tasks.core.records import Problem
from tasks.sample.problems import gym
from tasks.sample.problems.stage import PROBLEMS
from tests.configs.recipes import recipe
from tests.tasks.gym import draw, needs_gym
from tests.tasks.sample.problems.apart import check_lists

pytestmark = pytest.mark.slow
SMALL = {"task": "chain_sum", "difficulty": {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}}


def error_of(**fields: Any) -> ProblemsError:
    with pytest.raises(ProblemsError) as caught:
        draw(**fields)
    return caught.value


def question_of(problem: Problem) -> str:
    return str(from_json(problem.gold or "")["entry"]["question"])


@needs_gym
@pytest.mark.parametrize("task", ["word_ladder", "pool_matrix"])
def test_a_seed_gives_the_same_problems_and_another_one_others(task: str) -> None:
    """One of them draws in the order of a set, the other from the generators of the process."""
    assert draw(task=task, num_problems=8) == draw(task=task, num_problems=8)
    assert draw(task=task, num_problems=8, seed=1) != draw(task=task, num_problems=8)


@needs_gym
def test_sets_of_one_task_share_no_question_whatever_their_settings() -> None:
    """Of 81 questions: sets as large as there are, with the same seed."""
    sets = {part: draw(part, **SMALL, num_problems=12) for part in PARTS}
    check_lists(**sets)
    other = draw("report", **SMALL, num_problems=12, seed=3, prompt="{{ question }}\nHm?")
    for part, problems in (*sets.items(), ("report", other)):
        assert {part_of(question_of(problem)) for problem in problems} == {PARTS[part]}
        assert len({problem.id for problem in problems}) == 12
    assert all(problem.messages[0].content.endswith("\nHm?") for problem in other)


@needs_gym
def test_prompt_and_solution_are_made_of_what_the_package_tells() -> None:
    (problem,) = draw(
        task="chain_sum",
        num_problems=1,
        prompt="{{ metadata.expression }} =",
        solution="{{ metadata.num_terms }} terms\n#### {{ answer }}",
    )
    entry = from_json(problem.gold or "")["entry"]
    assert problem.messages[0].content == f"{entry['metadata']['expression']} ="
    assert problem.solution == f"{entry['metadata']['num_terms']} terms\n#### {entry['answer']}"


@needs_gym
def test_a_template_that_names_what_is_not_there_is_one_message() -> None:
    with pytest.raises(ProblemsError, match=r"reasoning_gym chain_sum: solution cannot be filled in.*'steps'"):
        draw(task="chain_sum", num_problems=1, solution="{{ steps }}")


@needs_gym
def test_a_level_and_settings_are_those_of_the_package() -> None:
    problems = draw(task="countdown", level=1, num_problems=3, difficulty={"min_numbers": 3, "max_numbers": 3})
    for problem in problems:
        held = from_json(problem.gold or "")
        assert len(held["entry"]["metadata"]["numbers"]) == 3 and held["settings"]["max_numbers"] == 3
        assert problem.tags == ("task=countdown", "level=1") and problem.id.startswith("countdown/")
        assert problem.solution == held["entry"]["answer"]


@needs_gym
def test_a_task_without_an_answer_of_its_own_has_no_worked_solution() -> None:
    assert [problem.solution for problem in draw(task="graph_color", num_problems=2)] == [None, None]


@needs_gym
@pytest.mark.parametrize(
    ("fields", "says", "fix"),
    [
        ({"task": "chainsum"}, "reasoning-gym has no task 'chainsum'", "chain_sum, decimal_chain_sum"),
        ({"task": "chain_sum", "level": 99}, "has levels 0 to [0-9]+, and not 99", "another level"),
        ({"task": "composite", "level": 1}, "has no levels|refuses", "level"),
        ({"task": "chain_sum", "difficulty": {"terms": 3}}, "no setting 'terms'", "max_terms"),
        ({"task": "chain_sum", "difficulty": {"min_terms": -3}}, "min_terms must be positive", "difficulty"),
        ({"task": "chain_sum", "difficulty": {"min_terms": "a"}}, "refuses its settings", "difficulty"),
        ({**SMALL, "num_problems": 500}, "different problems for train, and num_problems asks for 500", "or fewer"),
    ],
)
def test_what_cannot_be_drawn_is_one_message(fields: dict[str, Any], says: str, fix: str) -> None:
    error = error_of(**fields)
    with pytest.raises(ProblemsError, match=says):
        raise error
    assert fix in str(error.fix)


def test_a_missing_package_is_one_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    package = tmp_path / "reasoning_gym"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('broken on purpose')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(path for path in sys.path if path)}")
    error = error_of(task="chain_sum")
    assert "cannot be imported: broken on purpose" in error.message and "pip install 'selfloop[gym]'" in str(error.fix)


def test_the_release_of_the_package_is_in_the_key_of_recipes_that_use_it_alone() -> None:
    assert gym.versions().items() <= dict(PROBLEMS.parts(recipe("puzzled"))).items()
    assert not gym.versions().keys() & dict(PROBLEMS.parts(recipe("chains"))).keys()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"prompt": "Solve it"}, "needs {{ question }}"),
        ({"difficulty": {"seed": 3}}, "seed is no difficulty: write seed, beside task"),
        ({"difficulty": {"size": 3}}, "size is no difficulty: write num_problems"),
        ({"level": -1}, "greater than or equal to 0"),
    ],
)
def test_a_source_that_cannot_be_is_refused(fields: dict[str, Any], says: str) -> None:
    told = recipe("puzzled").model_dump(mode="json")
    told["problems"]["train"] = {"kind": "reasoning_gym", **fields}
    with pytest.raises(RecipeError, match=says):
        check_recipe(told)


def test_settings_keep_their_types() -> None:
    given = {"min_terms": 2, "operators": ["+", "-"], "flag": True, "share": 0.5}
    source = ReasoningGymSource.model_validate({"task": "a", "difficulty": given})
    assert source.model_dump(mode="json")["difficulty"] == given
