"""The judge `yes`, in a project to which docs/parts/judge.md has added it, asked with a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.engines.questions import Scoring
from tasks.judge.ask import plan_passes
from tasks.judge.kinds.registry import component_versions
from tasks.judge.stage import describe
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.judging import drawn_samples, judging_bench, make_problems, tiny_cast
from tests.build.records import make_recipe
from tests.tasks.core.scripted import make_answers


def test_a_new_judge_is_asked(tmp_path: Path) -> None:
    (yes_judge,) = make_recipe(
        judge=[{"kind": "yes", "word": "+"}], select=[{"kind": "unique"}], evaluate={"verifier": {"kind": "number"}}
    ).judge
    problems = {problem.id: problem for problem in make_problems(3)}
    samples, cast = drawn_samples(list(problems.values())), tiny_cast(tmp_path)
    with judging_bench(tmp_path, [{"kind": "vote"}]) as bench:
        verdicts = list(
            judge_samples(samples, [yes_judge], World(problems, bench, cast, answers=make_answers(tmp_path)))
        )
        asked = [
            Scoring(sample.id, (("user", f"{problems[sample.problem_id].messages[0].content}{sample.text}?"),), "+")
            for sample in samples
            if not sample.is_truncated
        ]
        expected = [score.logprob for score in bench.generator(cast.round_start).score(asked)]
        assert bench.spending()["generator_loads"] == 1
        told = describe(bench, yes_judge, cast)
    assert [verdict.label for verdict in verdicts] == ["unscored", "unscored", "unscored", "truncated"] * 3
    found = [verdict.score for verdict in verdicts if verdict.score is not None]
    assert found == pytest.approx(expected, abs=1e-5) and len(set(found)) > 1
    assert told["models"] == {"": cast.round_start.digest}
    assert [one.judge for one in plan_passes([yes_judge], cast)] == [yes_judge]
    assert component_versions([yes_judge]) == {"judge": 2, "yes.yes": 1}
