"""Judging in killable workers, end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from configs.errors import UserError
from configs.schema.judges.by_rule import AnswerJudge, VoteJudge
from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.kinds import MathVerifier, NumberVerifier, PythonVerifier, RegexVerifier
from infra.sandbox.job import Job, pool_here
from infra.sandbox.killable import KillablePool
from tasks.core.bench import Workbench
from tasks.judge.verdicts import judge_samples
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.pool import StandingPools
from tasks.judge.verifiers.registry import VERIFIERS
from tasks.judge.verifiers.reports import run_reports
from tasks.judge.world import World
from tests.build.benches import make_ledger
from tests.build.records import make_problem, make_recipe, make_sample
from tests.infra.sandbox.sandboxes import needs_sandbox
from tests.tasks.core.scripted import make_answers

pytestmark = pytest.mark.slow

HANGING = r"\boxed{9^{9^{9^{9}}}}"
REWARDS = """
import os, signal, time

def score(problem, sample):
    return {"right": lambda: True, "half": lambda: 0.5, "decline": lambda: None, "raise": lambda: {}["x"],
            "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV), "hang": lambda: time.sleep(600)}[sample.text]()
"""


def judge(
    texts: list[str], config: AnswerJudge | VoteJudge, gold: str | None = "5"
) -> list[tuple[str, float | None, str | None]]:
    samples = [make_sample(text=text, index=index) for index, text in enumerate(texts)]
    verdicts = judge_samples(samples, [config], World({"p": make_problem(gold=gold)}))
    return [(verdict.label, verdict.score, verdict.note) for verdict in verdicts]


def test_symbolic_work_without_end_is_a_verifier_error() -> None:
    config = AnswerJudge(verifier=MathVerifier(limit_seconds=5))
    right, error = ("correct", 1.0, None), ("verifier_error", None, "timeout")
    assert judge([r"\boxed{5}", HANGING, r"\boxed{\sqrt{25}}"], config) == [right, error, right]


def test_votes_are_counted_over_equal_expressions_without_gold() -> None:
    config = VoteJudge(verifier=MathVerifier(limit_seconds=5))
    texts = [r"\boxed{\frac{1}{2}}", HANGING, r"\boxed{0.5}", r"so $x = \frac{2}{4}$", r"\boxed{(x+1)^2}", "who knows"]
    half, error = ("correct", 0.5, None), ("verifier_error", None, "timeout")
    assert judge(texts, config, gold=None) == [
        half, error, half, half, ("wrong", 1 / 6, None), ("unparseable", None, "no answer found"),
    ]  # fmt: skip


def test_a_vote_by_a_rule_that_finds_no_answers_is_refused() -> None:
    with pytest.raises(UserError, match="the verifier regex finds no answers to vote with"):
        judge(["x"], VoteJudge(verifier=RegexVerifier(accept="x")))


def test_whatever_a_users_function_does_costs_its_own_sample_only(tmp_path: Path) -> None:
    path = tmp_path / "rewards.py"
    path.write_text(REWARDS, encoding="utf-8")
    config = AnswerJudge(verifier=PythonVerifier(function=f"{path}:score", limit_seconds=3))
    assert judge(["right", "hang", "half", "crash", "decline", "raise", "right"], config, gold=None) == [
        ("correct", 1.0, None),
        ("verifier_error", None, "timeout"),
        ("unscored", 0.5, None),
        ("verifier_error", None, "crashed: SIGSEGV"),
        ("verifier_error", None, "raised: NoVerdictError: the function returned None"),
        ("verifier_error", None, "raised: KeyError: 'x'"),
        ("correct", 1.0, None),
    ]


def test_a_users_file_that_cannot_be_imported_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "broken_rewards.py"
    path.write_text("def score(problem, sample)\n", encoding="utf-8")
    with pytest.raises(UserError, match="SyntaxError"):
        judge(["x"], AnswerJudge(verifier=PythonVerifier(function=f"{path}:score")))


WHO = """
import os, time

def score(problem, sample):
    time.sleep(600) if sample.text == "hang" else None
    return float(os.getppid())
"""


def test_workers_that_stay_are_those_of_one_template_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "who.py"
    path.write_text(WHO, encoding="utf-8")
    first, second = (AnswerJudge(name=name, verifier=PythonVerifier(function=f"{path}:score", limit_seconds=limit))
                     for name, limit in (("a", 2), ("b", 3)))  # fmt: skip
    problem = make_problem(gold=None)

    def seen(config: AnswerJudge, *texts: str) -> list[float | None]:
        items = [(problem, make_sample(text=text, index=index)) for index, text in enumerate(texts)]
        outcomes = list(standing.verify(config, items))
        return [one.value.score if isinstance(one.value, Finding) else None for one in outcomes]

    with StandingPools() as standing:
        (template,) = set(seen(first, "x", "y"))
        assert seen(first, "x", "hang", "z") == [template, None, template]
        (other,) = set(seen(second, "x"))
        assert template is not None and other not in (template, None)
        assert psutil.pid_exists(int(template))
    assert not psutil.pid_exists(int(template)) and not psutil.pid_exists(int(other))


class Elsewhere:
    """Workers of this machine that remember what they were asked for."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def open_pool(self, job: Job) -> KillablePool:
        self.jobs.append(job)
        return job.pool(1)


def test_rules_look_where_the_stage_has_its_workers(tmp_path: Path) -> None:
    elsewhere, item = Elsewhere(), (make_problem(gold="5"), make_sample(text="5"))
    answers = replace(make_answers(tmp_path), workers=elsewhere.open_pool)
    number, maths = (AnswerJudge(name=kind.kind, verifier=kind) for kind in (NumberVerifier(), MathVerifier()))
    world = World({"p": item[0]}, answers=answers)
    assert [verdict.label for verdict in judge_samples([item[1]], [number, maths], world)] == ["correct", "correct"]
    with StandingPools(elsewhere.open_pool) as standing:
        list(standing.verify(maths, [item]))
    assert [(job.what, job.travels) for job in elsewhere.jobs] == [
        ("the verifier 'number'", False), ("the verifier 'math'", True), ("the verifier 'math'", True),
    ]  # fmt: skip


@needs_sandbox
@pytest.mark.usefixtures("sandboxes_alone")
def test_programs_run_for_reports_where_the_stage_has_its_workers(tmp_path: Path) -> None:
    elsewhere = Elsewhere()
    answers = replace(make_answers(tmp_path), workers=elsewhere.open_pool)
    item = (make_problem(gold='{"test_list": ["assert f(1) == 2"]}'), make_sample(text="def f(x): return x + 1"))
    judge = AnswerJudge(verifier=CodeVerifier(layout="mbpp", extract="whole"))
    assert [report.passed for report in run_reports(judge, False, [item], answers)] == [True]
    assert [job.what for job in elsewhere.jobs] == ["reports of runs"]


def test_what_is_quick_or_of_this_machine_alone_does_not_travel() -> None:
    assert {name for name, kind in VERIFIERS.items() if kind.travels} == {"math", "code", "reasoning_gym"}


def test_workers_are_where_the_engine_of_the_recipe_is(tmp_path: Path) -> None:
    for hosts in ("local", "ray"):
        recipe = make_recipe(engine={"kind": "transformers", "hosts": hosts})
        with Workbench(recipe, make_ledger(tmp_path), tmp_path) as bench:
            assert bench.workers == (pool_here if hosts == "local" else bench.cluster.open_pool)
