"""The tasks of configs/studies: what their warm starts teach is right, can be written by their models, and fits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from configs.schema.load import read_yaml
from configs.schema.model import TinyLlama
from configs.schema.problems import ReasoningGymSource
from configs.schema.verifiers.gym import ReasoningGymVerifier
from tasks.core.records import Problem
from tasks.judge.verifiers.reasoning_gym import verify
from tests.tasks.gym import draw, needs_gym

TASKS = {
    path.stem: read_yaml(path) for path in sorted((Path(__file__).parents[3] / "configs/studies/tasks").glob("*.yaml"))
}
OF_GYM = [name for name, task in TASKS.items() if task["warm_start"]["source"]["kind"] == "reasoning_gym"]
FEW = 40


@cache
def taught(name: str) -> list[Problem]:
    source = TASKS[name]["warm_start"]["source"] | {"num_problems": FEW}
    return draw("warm_start", **ReasoningGymSource.model_validate(source).model_dump())


@needs_gym
@pytest.mark.parametrize("name", OF_GYM)
def test_worked_examples_are_right_and_can_be_written(name: str) -> None:
    task, verifier = TASKS[name], ReasoningGymVerifier.model_validate(TASKS[name]["verifier"])
    model, stops = TinyLlama.model_validate(task["model"]), task["generate"].get("stop", [])
    told = 0
    for problem in taught(name):
        prompt, solution = problem.messages[0].content, problem.solution or ""
        assert set(prompt + solution) <= set(model.alphabet)
        assert len(prompt) + len(solution) + 2 <= task["warm_start"]["max_length"] <= model.max_length
        answer = solution.split(stops[0])[0] if stops else solution
        if answer:  # examples of checks show an answer, and do not teach it
            told += 1
            assert len(answer) < task["generate"]["max_tokens"]
            assert verify(answer, problem.gold, verifier).is_correct, (prompt, answer)
    assert told >= FEW / 4


@needs_gym
def test_one_answer_is_reached_in_different_ways() -> None:
    """From the left, or with what is taken away apart, about half and half."""
    chains = [problem.solution or "" for problem in taught("chain")]
    begins = [text.split("=")[0] for text in chains]
    asked = [problem.messages[0].content for problem in taught("chain")]
    from_left = sum(prompt.startswith(begin) for prompt, begin in zip(asked, begins, strict=True))
    assert FEW / 5 < from_left < FEW
