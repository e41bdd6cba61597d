"""A problem that ends the engine's process costs itself and nothing else, and the stage's numbers say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.schema.drawing import Sampling
from tasks.core.bench import Workbench
from tasks.core.progress import Silent
from tasks.core.records import FinishReason, Sample
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.tables import read_records
from tasks.evaluate import run
from tasks.evaluate.run import Sampler, evaluate_suites
from tasks.sample.task import generate
from tests.build.benches import publish
from tests.build.judging import judging_bench, make_problems
from tests.infra.engines.fatal import build_fatal_model
from tests.infra.engines.tiny import build_tiny_folder
from tests.tasks.core.scripted import make_answers

pytestmark = pytest.mark.slow

ANSWER = {"kind": "answer", "verifier": {"kind": "number"}}


class Lines(Silent):
    """Keeps the plain lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def fatal(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    """Dies of 3+3=."""
    folder = tmp_path_factory.mktemp("fatal")
    files = build_fatal_model(build_tiny_folder(folder / "tiny"), folder / "three_and_three", deadly="3+3")
    return ModelRef(name="fatal", digest="f" * 64, external=str(files.weights), trust_remote_code=True)


def run_generate(bench: Workbench, model: ModelRef) -> StepRef:
    problems = make_problems(6)
    published = publish(bench, "problems", train=problems, select=problems[:1], report=problems[1:2])
    cast = Cast(base=model, seed=None, previous=None, round_start=model, live=model)
    return generate(bench, 1, model, published, cast)


def test_generate_leaves_it_out_and_counts_it_with_the_first_of_its_reason(tmp_path: Path, fatal: ModelRef) -> None:
    with judging_bench(tmp_path, [ANSWER]) as bench:
        bench.progress = lines = Lines()
        step = run_generate(bench, fatal)
        samples = [row for file in step.files for row in read_records(bench.ledger.fetch(step, file.name), Sample)]
        assert [row.id for row in samples] == [f"p{n}/{index}" for n in (0, 1, 2, 4, 5) for index in range(4)]
        words = "'p3': it ends the engine's process (killed by SIGABRT)"
        told = {name: value for name, value in step.summary.items() if "missing" in name}
        assert told == {
            "num_missing_generate": 4, "missing_share_generate": 0.0, "num_missing_generate_fatal": 4,
            "first_missing_generate_fatal": words,
        }  # fmt: skip
        assert f"round 1 generate: 4 of 24 answers are missing: fatal 4 times, first {words}" in lines.lines


def test_an_evaluation_counts_it_as_not_right_whole_or_in_parts(
    tmp_path: Path, fatal: ModelRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    with judging_bench(tmp_path, [ANSWER]) as bench:
        answers = make_answers(tmp_path / "answers")
        sampler = Sampler(bench.recipe, policy_answerer(bench, fatal), fatal.digest, answers)
        drawn = list(sampler.draw(make_problems(6), Sampling(temperature=0), 2, 0))
        assert [row.id for row in drawn] == [f"p{n}/{index}" for n in range(6) for index in range(2)]
        assert [row.id for row in drawn if row.finish_reason == FinishReason.MISSING] == ["p3/0", "p3/1"]
        results = list(evaluate_suites(sampler, {"report": make_problems(6)}, bench.recipe, 0))
        assert (len(results), results[3].label, results[3].is_correct) == (6, "missing", False)
        monkeypatch.setattr(run, "PROBLEMS_AT_ONCE", 4)
        assert list(evaluate_suites(sampler, {"report": iter(make_problems(6))}, bench.recipe, 0)) == results
