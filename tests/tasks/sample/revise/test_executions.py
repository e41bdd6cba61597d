"""Executions: the fields that later prompts use, which tests are told, and what is run once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from infra.engines.questions import Request
from tasks.core.answer_folder import read_shard_records
from tasks.core.records import Author
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.records import make_problem
from tests.infra.sandbox.sandboxes import needs_sandbox
from tests.tasks.core.scripted import Killed, ScriptedPool, make_answers
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

pytestmark = pytest.mark.usefixtures("sandboxes_alone")
TESTS = ["assert f(1) == 1", "assert f(2) == 4", "assert f(3) == 9"]
GOLD = json.dumps({"test_list": TESTS, "public": {"test_list": ["assert f(5) == 25"]}})
CODE = {"kind": "answer", "verifier": {"kind": "code", "layout": "mbpp", "extract": "whole"}}
PYTHON = {"kind": "answer", "verifier": {"kind": "python", "function": "score.py:score"}}
EXECUTION = {"part": "execution", "by": "judge:answer", "when": {"judge": "answer", "says": ["wrong"]}}
FIELDS = (
    "{{ passed }} {{ num_passed }}/{{ num_tests }} {{ first_failure.input }} {{ first_failure.expected }} "
    "{{ first_failure.got }} {{ first_failure.error }} {{ first_failure.line }}"
)
TEXTS = {"p/0": "def f(x): return 2 * x - 1", "p/0:execution0:attempt/0": "def f(x): return x * x"}


def judged(judge: Any, samples: Any, problems: Any) -> Any:
    """By the recipe's own verifier."""
    return judge_samples(samples, [judge], World(problems))


def ask(folder: Path, gold: str = GOLD, judge: dict[str, Any] = CODE, prompt: str = FIELDS, **step: Any) -> Any:
    """What the writer of the next attempt is asked, and the texts that are stored."""
    folder.mkdir(exist_ok=True)
    (folder / "again.j2").write_text(prompt)
    pool = ScriptedPool(write=by_place({} if judge is PYTHON else TEXTS))
    sampler = revise_sampler(folder, generate={"steps": [{**EXECUTION, **step}, {"part": "attempt",
                             "prompt": "again.j2"}], "max_tokens": 40}, judge=[judge])  # fmt: skip
    asks = {} if judge is PYTHON else {"judge": judged}
    (episode,) = run(sampler, folder / "run", pool=pool, problems=[make_problem(question="Q?", gold=gold)], **asks)
    requests = {request.id: request for shard in pool.shards for request in shard.requests}
    return requests["p/0:execution0:attempt"].messages[-1][1], {node.id: node for node in episode.nodes}


@needs_sandbox
def test_the_fields_of_a_failing_program(tmp_path: Path) -> None:
    """2 x - 1 is 1, 3, 5 where 1, 4, 9 is wanted: 1 of 3."""
    shown, nodes = ask(tmp_path)
    assert shown == "False 1/3 f(2) 4 3 None assert f(2) == 4"
    execution = nodes["p/0:execution0"]
    assert execution.text == "1 of 3 tests passed.\n\nInput: f(2)\nExpected: 4\nGot: 3"
    assert (execution.by, execution.num_tokens) == (Author.ENVIRONMENT, 0)


@needs_sandbox
def test_which_tests_are_told(tmp_path: Path) -> None:
    _, nodes = ask(tmp_path / "all", tests="all")
    assert nodes["p/0:execution0"].text.count("Input:") == 2
    shown, nodes = ask(tmp_path / "public", tests="public")
    assert shown == "False 0/1 f(5) 25 9 None assert f(5) == 25"
    assert nodes["p/0:execution0"].text == "0 of 1 tests passed.\n\nInput: f(5)\nExpected: 25\nGot: 9"


@needs_sandbox
def test_the_prompt_of_the_project_shows_the_first_failure(tmp_path: Path) -> None:
    prompt = (Path(__file__).parents[4] / "configs" / "prompts" / "fix_by_execution.j2").read_text()
    shown, _ = ask(tmp_path, prompt=prompt)
    assert shown == (
        "The program above was run, and passed 1 of 3 tests.\n\nThe first test that failed:\nInput: f(2)\nExpected: 4\n"
        "Got: 3\n\nWrite the whole program again, corrected."
    )


def test_a_judge_without_tests_is_one_test(tmp_path: Path) -> None:
    """A user's function notes nothing here: its label is what is told."""
    shown, nodes = ask(tmp_path, gold="72", judge=PYTHON)
    assert shown == "False 0/1 None None None wrong None" and nodes["p/0:execution0"].text == "wrong"


def test_public_tests_that_are_not_there_are_one_message(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"problem p cannot show public tests: it has no public tests\n.*test_list"):
        ask(tmp_path, gold=json.dumps({"test_list": TESTS}), tests="public")


@pytest.mark.parametrize(
    ("judge", "step", "message"),
    [
        (PYTHON, {"tests": "all"}, "the verifier python of judge 'answer' has no tests one by one"),
        (CODE, {"part": "critique", "by": "policy", "tests": "all"}, "tests: an execution by: judge:NAME tells them"),
        ({"kind": "answer", "verifier": {"kind": "number"}}, {}, "an execution is what a code judge found"),
    ],
)
def test_tests_that_nobody_tells_are_refused(judge: dict, step: dict, message: str) -> None:
    steps = [{**EXECUTION, **step}, {"part": "attempt"}]
    with pytest.raises(RecipeError, match=message):
        revise_sampler(generate={"steps": steps}, judge=[judge])


def test_fields_of_an_execution_that_nobody_writes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "again.j2").write_text("{{ num_passed }}")
    with pytest.raises(RecipeError, match="'num_passed' is nothing that it gets"):
        revise_sampler(tmp_path, generate={"steps": [{"part": "attempt", "prompt": "again.j2"}]})


@needs_sandbox
def test_a_kill_runs_no_attempt_twice(tmp_path: Path) -> None:
    (tmp_path / "again.j2").write_text(FIELDS)

    def write(request: Request, draw: int) -> str:
        return f"def f(x): return {request.seed % 5} + {draw}"

    def revised(folder: Path, lives: int | None) -> Any:
        sampler = revise_sampler(
            tmp_path, generate={"steps": [EXECUTION, {"part": "attempt", "prompt": "again.j2"}], "num_samples": 3,
                                "max_tokens": 40, "max_turns": 3}, judge=[CODE],
        )  # fmt: skip
        problems = [make_problem(name, gold=GOLD) for name in "ab"]
        return run(sampler, folder, pool=ScriptedPool(write=write, lives=lives), problems=problems, judge=judged)

    straight = revised(tmp_path / "straight", None)
    num_kills = 0
    while True:
        try:
            killed = revised(tmp_path / "killed", 1)
            break
        except Killed:
            num_kills += 1
    assert num_kills >= 2 and killed == straight
    assert reports(tmp_path / "killed") == reports(tmp_path / "straight") > 2


def reports(folder: Path) -> int:
    """Reports that are published, each once."""
    store = make_answers(folder).ledger.store
    shards = [shard for _, shard in read_shard_records(store, "e/") if shard is not None]
    listed = [answer for shard in shards if shard.who["service"] == "report" for answer in shard.answers]
    assert len(listed) == len({question for question, *_ in listed})
    return len(listed)
