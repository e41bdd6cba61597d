"""The generate stage with a real model: what it writes, and what it asks again after a kill or a change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from configs.schema.load import check_recipe
from tasks.core.files import SAMPLES, VERDICTS
from tasks.core.records import Problem, Sample
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec
from tasks.core.tables import read_records, write_records
from tasks.judge.task import judge
from tasks.plan.planning import PlanningBench
from tasks.sample.task import generate
from tests.build.seeded import Seeded, seeded
from tests.flows.micro import micro_recipe
from tests.tasks.core.killed import asked_by, check_kill, dies_after

pytestmark = pytest.mark.slow

PLAIN = {"num_samples": 3, "temperature": 1.0, "top_k": 0, "max_tokens": 16, "shard_size": 5}
HOT = PLAIN | {"draws": [{"name": "plain"}, {"name": "hot", "num_samples": 2, "temperature": 1.5}]}
STEPWISE = {"kind": "stepwise", "width": 3, "max_steps": 2, "step_end": ";", "max_tokens": 12, "temperature": 1.5,
            "shard_size": 9}  # fmt: skip
REVISE: dict[str, Any] = {
    "kind": "revise", "num_samples": 2, "temperature": 1.0, "max_tokens": 12, "shard_size": 5,
    "first": {"state": "base", "redraw": False},
    "steps": [{"part": "critique", "prompt": "why.j2"},
              {"part": "attempt", "prompt": "fix.j2", "when": {"judge": "rubric", "below": 6}}],
}  # fmt: skip
RUBRIC = {"kind": "rubric", "prompt": "grade.j2", "pattern": "([0-9])", "read": "choices"}
PAIRWISE = {"kind": "pairwise", "prompt": "compare.j2", "pattern": "([0-9])", "read": "choices"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with problems and a seed model."""
    folder = tmp_path_factory.mktemp("generate")
    for name, text in (("compare", "{{ first }}"), ("grade", "{{ response }}"), ("why", "1+1="), ("fix", "2+2=")):
        (folder / f"{name}.j2").write_text(text)
    with seeded(folder):
        return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def run(start: Seeded, problems: StepRef | None = None) -> StepRef:
    return generate(start.bench, 1, start.seed, problems or start.problems, start.cast)


def samples_of(start: Seeded, step: StepRef) -> list[Sample]:
    return list(SAMPLES.read_all(start.bench.ledger, step))


def texts_of(start: Seeded, step: StepRef) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for sample in samples_of(start, step):
        texts.setdefault(sample.problem_id, []).append(sample.text)
    return texts


def train_problems(start: Seeded, step: StepRef | None = None) -> list[Problem]:
    return list(read_records(start.bench.ledger.fetch(step or start.problems, "train.parquet"), Problem))


def change_train(folder: Path, start: Seeded, rows: list[Problem]) -> StepRef:
    """The problems step with other train problems, as the problems stage would publish them."""
    out = folder / f"changed-{len(rows)}-{rows[0].gold}"
    out.mkdir()
    for name in ("select.parquet", "report.parquet"):
        shutil.copy(start.bench.ledger.fetch(start.problems, name), out / name)
    write_records(out / "train.parquet", Problem, rows)
    return start.bench.ledger.publish(
        StepSpec("micro", "problems", 0, {"rows": len(rows), "gold": rows[0].gold}), out, {}, 1.0
    )


def test_hot_samples_follow_the_others_and_a_kill_asks_nothing_twice(folder: Path) -> None:
    with seeded(folder, generate=HOT) as start:
        step = check_kill(start.bench, "generate", lambda: run(start), (1, 3, 2))
        problems, samples = train_problems(start), samples_of(start, step)
        assert [sample.id for sample in samples] == [f"{row.id}/{index}" for row in problems for index in range(5)]
        assert [sample.draw for sample in samples] == ["", "", "", "hot", "hot"] * len(problems)
        assert asked_by(start.bench, "generate").num_answers == len(samples)
        assert len({sample.text for sample in samples}) > len(problems) / 2
        shutil.rmtree(folder / "store" / "micro" / "round-001")
        assert run(start).files == step.files, "and it ends like a straight run"


def test_texts_that_go_in_circles_are_truncated_ones_and_counted(folder: Path) -> None:
    """Ended by a real engine, kept so in the store, told as truncated to the judge, and counted beside it."""
    circles = {"longest": 4, "times": 2}
    with seeded(folder, generate=PLAIN | {"num_samples": 6, "max_tokens": 12, "repetition": circles}) as start:
        step = run(start)
        samples = samples_of(start, step)
        ended = [one for one in samples if one.is_truncated and one.num_tokens < 12]
        assert ended and step.summary["num_repeating"] >= len(ended)
        assert all(one.num_tokens >= 2 for one in ended)
        judged = judge(start.bench, 1, step, start.problems, start.cast)
        labels = {row.sample_id: row.label for row in VERDICTS.read(start.bench.ledger, judged)}
        assert {labels[one.id] for one in ended} == {"truncated"}
        shutil.rmtree(next((folder / "store" / "micro" / "round-001" / "generate").glob(step.key[:12])))
        again = run(start)
        assert (again.files, again.summary) == (step.files, step.summary), "read back from answers"
        assert asked_by(start.bench, "generate").num_answers == len(samples)


def test_each_model_of_the_draws_is_loaded_once(folder: Path) -> None:
    """Draws of two models and three prompts: a kill asks nothing twice, and what was asked is not what is shown."""
    (folder / "loud.j2").write_text("9+9=")
    draws = [{"name": "old", "state": "base"}, {"name": "plain"}, {"name": "loud", "system": "loud.j2"},
             {"name": "older", "state": "base", "temperature": 2.0}]  # fmt: skip
    with seeded(folder, generate=PLAIN | {"draws": draws}) as start:
        loads = start.bench.spending()["generator_loads"]
        step = run(start)
        assert start.bench.spending()["generator_loads"] == loads + 2
        samples = samples_of(start, step)
        assert [one.draw for one in samples[:12]] == ["", "", "", "loud", "loud", "loud", *["old"] * 3, *["older"] * 3]
        assert {(one.draw, one.model) for one in samples} == {
            ("", start.seed.digest), ("loud", start.seed.digest), ("old", start.cast.base.digest),
            ("older", start.cast.base.digest),
        }  # fmt: skip
        assert {len(one.messages) for one in samples if one.draw == "loud"} == {2}
        shutil.rmtree(folder / "store" / "micro" / "round-001")
        again = check_kill(start.bench, "generate", lambda: run(start), (1, 6, 8))
        assert again.files == step.files


def test_stepwise_steps_and_their_comparisons_are_asked_once(folder: Path) -> None:
    scored = {"judge": [PAIRWISE], "select": [{"kind": "drop_truncated"}], "evaluate": {"verifier": {"kind": "number"}}}
    with seeded(folder, generate=STEPWISE, **scored) as start:
        step = check_kill(start.bench, "generate", lambda: run(start), (1, 2, 1))
        assert step.summary["num_problems"] == len(train_problems(start))
        shutil.rmtree(folder / "store" / "micro" / "round-001")
        assert run(start).files == step.files


def test_revisions_are_asked_once_and_judged_once(folder: Path) -> None:
    """A model judge that opens a gate speaks in the generate stage alone: the judge stage takes its verdicts over."""
    with seeded(folder, generate=REVISE, judge=[{"kind": "answer"}, RUBRIC], rows=[{"kind": "turn"}]) as start:
        step = check_kill(start.bench, "generate", lambda: run(start), (1, 2, 1))
        samples = samples_of(start, step)
        assert {sample.part for sample in samples} == {"attempt", "critique"}
        attempts = [sample.id for sample in samples if sample.is_answer]
        given = list(VERDICTS.read(start.bench.ledger, step))
        assert [(row.sample_id, row.judge) for row in given] == [(name, "rubric") for name in attempts]
        judged = judge(start.bench, 1, step, start.problems, start.cast)
        rows = list(VERDICTS.read(start.bench.ledger, judged))
        assert [(row.sample_id, row.judge) for row in rows] == [
            (name, own) for name in attempts for own in ("answer", "rubric")
        ]
        assert [row for row in rows if row.judge == "rubric"] == given
        whole = {(one.problem_id, one.text) for one in samples if one.is_answer and not one.is_truncated}
        assert asked_by(start.bench, "judge").num_answers <= len(whole), "the rule is asked, and no model"


def test_first_attempts_of_round_1_are_those_of_every_round(folder: Path) -> None:
    with seeded(folder, generate=REVISE, judge=[{"kind": "answer"}, RUBRIC], rows=[{"kind": "turn"}]) as start:
        first = run(start)
        before = asked_by(start.bench, "generate").num_answers
        second = generate(start.bench, 2, start.seed, start.problems, start.cast)
        firsts, seconds = (samples_of(start, step) for step in (first, second))
        assert [one for one in firsts if one.parent_id is None] == [one for one in seconds if one.parent_id is None]
        assert [one.text for one in firsts] != [one.text for one in seconds], "the rest is drawn anew"
        assert asked_by(start.bench, "generate").num_answers == before


def test_a_corrected_gold_answer_or_another_judge_draws_nothing(folder: Path) -> None:
    with seeded(folder, generate=PLAIN) as start:
        first = run(start)
        judge(start.bench, 1, first, start.problems, start.cast)
        loads = start.bench.spending()["generator_loads"]
        rows = [Problem(row.id, row.messages, "99", row.solution, ("digits=9",)) for row in train_problems(start)]
        second = run(start, change_train(folder, start, rows))
        assert second.key != first.key and not second.is_reused
        assert texts_of(start, second) == texts_of(start, first)
        asked = asked_by(start.bench, "generate")
        assert asked.num_answers == len(samples_of(start, first))
        assert start.bench.spending()["generator_loads"] == loads, "no model was loaded for it"


def test_problems_more_are_all_that_is_drawn(folder: Path) -> None:
    with seeded(folder, generate=PLAIN) as start:
        rows = train_problems(start)
        few = change_train(folder, start, rows[::2])
        first = run(start, few)
        drawn = asked_by(start.bench, "generate").num_answers
        second = run(start)
        assert asked_by(start.bench, "generate").num_answers - drawn == 3 * (len(rows) - len(rows[::2]))
        assert texts_of(start, first).items() <= texts_of(start, second).items()


def test_more_samples_keep_the_first_ones(folder: Path) -> None:
    first: dict[str, list[str]] = {}
    for number in (3, 6):
        with seeded(folder, generate={**PLAIN, "num_samples": number}) as start:
            texts = texts_of(start, run(start))
            assert asked_by(start.bench, "generate").num_answers == number * len(texts)
            assert all(texts[name][:3] == own for name, own in first.items())
            first = texts


def test_another_shard_size_draws_the_same_texts(folder: Path) -> None:
    found = []
    for size in (5, 64):
        with seeded(folder, generate={**PLAIN, "shard_size": size}) as start:
            found.append(texts_of(start, run(start)))
            shutil.rmtree(folder / "store" / "micro" / "round-001")
    assert found[0] == found[1]


def test_a_plan_counts_the_answers_that_a_new_step_would_find(folder: Path) -> None:
    with seeded(folder, generate=HOT) as start:
        with dies_after(start.bench, 3):
            run(start)
        for temperature, expected in ((1.0, asked_by(start.bench, "generate").num_answers), (0.9, 0)):
            recipe = check_recipe(micro_recipe(generate={**PLAIN, "temperature": temperature}))
            with PlanningBench(recipe, start.bench.ledger, folder) as plan:
                generate(plan, 1, start.seed, start.problems, start.cast)
                assert [step.num_answers for step in plan.planned] == [expected]


def test_what_is_asked_of_whom_is_written_beside_the_answers(folder: Path) -> None:
    with seeded(folder, generate=PLAIN) as start:
        run(start)
        record: dict[str, Any] = json.loads(
            next((folder / "store").glob("micro/round-001/generate/answers/*/*.json")).read_text()
        )
        assert record["who"]["who"]["model"] == start.seed.digest
        assert record["who"]["sampling"]["temperature"] == 1.0
