"""A process reward model of its own, asked as a judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.engines.questions import Rating
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, reward_answerer
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.judging import drawn_samples, judging_bench, make_problems
from tests.infra.engines.test_reward_engine import build
from tests.tasks.core.scripted import make_answers

pytestmark = pytest.mark.slow


def test_scores_are_the_reduced_and_mapped_steps_of_the_reward_model(tmp_path: Path) -> None:
    build(tmp_path / "prm", "token", num_labels=2)
    roles = {"prm": {"model": {"base": str(tmp_path / "prm")}, "engine": {"kind": "reward"}}}
    judge = {"kind": "reward_model", "role": "prm", "step_separator": "=", "map_to": [-1, 1]}
    policy = ModelRef(name="policy", digest="0" * 64, external="/nowhere")
    cast = Cast(base=policy, seed=None, previous=None, round_start=policy, live=policy)
    problems = {problem.id: problem for problem in make_problems(2)}
    samples = drawn_samples(list(problems.values()), ("1+1=2", "3", "4+4=8=8", "12"))
    with judging_bench(tmp_path, [judge], roles=roles) as bench:
        verdicts = list(
            judge_samples(samples, bench.recipe.judge, World(problems, bench, cast, answers=make_answers(tmp_path)))
        )
        whole = [sample for sample in samples if not sample.is_truncated]
        asked = [
            Rating(row.id, (("user", problems[row.problem_id].messages[0].content),), row.text, "=") for row in whole
        ]
        rated = reward_answerer(bench, "prm").open().rate(asked)
    assert [len(row.scores) for row in rated] == [2, 1, 3] * 2
    expected = [2 * min(row.scores) - 1 for row in rated]
    found = [verdict.score for verdict in verdicts if verdict.label == "unscored"]
    assert found == pytest.approx(expected, abs=1e-5) and len(set(found)) > 1
    assert [verdict.label for verdict in verdicts].count("truncated") == 2
